// A plot in a panel, as wide as its place, drawn again when what it reads changes. The moment is a line above the canvas, which
// moves without a redraw.

import { effect, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { moment } from "../state.ts";
import { drawPlot, type Plot, plotBox } from "./plot.ts";
import { CanvasSurface } from "./surface.ts";

const OUT_OF_SIGHT = -10_000;

export interface ChartProps {
  readonly label: string;
  readonly height: number;
  /** Called inside an effect: the signals that it reads draw it again. */
  readonly plot: () => Plot;
  readonly onPick?: (seconds: number) => void;
}

export function Chart({ label, height, plot, onPick }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  const shown = useSignal<readonly [number, number]>([0, 1]);
  useLayoutEffect(() => {
    // Kept here: the references are empty as soon as the chart is taken away.
    const [frame, picture, line] = [place.current!, canvas.current!, now.current!];
    const observer = new ResizeObserver(() => (width.value = frame.clientWidth));
    observer.observe(frame);
    width.value = frame.clientWidth;
    const stops = [
      effect(() => {
        if (width.value === 0) return;
        const current = plot();
        shown.value = current.x;
        paint(picture, current, width.value, height);
      }),
      effect(() => {
        const box = plotBox(width.value, height);
        const ratio = (moment.value / 1e6 - shown.value[0]) / (shown.value[1] - shown.value[0]);
        // A transform alone: nothing is laid out or drawn again.
        const x = ratio >= 0 && ratio <= 1 ? box.left + ratio * box.width : OUT_OF_SIGHT;
        line.style.transform = `translate(${x}px, ${box.top}px)`;
      }),
    ];
    return () => {
      observer.disconnect();
      for (const stop of stops) stop();
    };
  }, []);
  const pick = (event: MouseEvent): void => {
    const box = plotBox(width.value, height);
    const ratio = (event.clientX - canvas.current!.getBoundingClientRect().left - box.left) / box.width;
    if (ratio >= 0 && ratio <= 1) onPick?.(shown.value[0] + ratio * (shown.value[1] - shown.value[0]));
  };
  return (
    <div class="chart" ref={place}>
      <canvas ref={canvas} role="img" aria-label={label} onClick={pick} />
      <div class="now" ref={now} style={{ height: `${plotBox(0, height).height}px` }} />
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, plot: Plot, width: number, height: number): void {
  const scale = devicePixelRatio;
  const [columns, rows] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== columns || canvas.height !== rows) {
    Object.assign(canvas, { width: columns, height: rows });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  drawPlot(new CanvasSurface(context), plot, width, height);
}
