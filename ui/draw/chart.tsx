// uPlot in a panel: made once, given new data when there is some, as wide as its place. The moment is a line above the canvas
// that moves without a redraw.

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { headMicros, moment } from "../state.ts";
import { colour, isDark } from "../theme.ts";

export interface ChartProps {
  readonly label: string;
  readonly height: number;
  readonly series: readonly uPlot.Series[];
  readonly bands?: readonly uPlot.Band[];
  /** Called inside an effect: reads signals, and is called again when they change. */
  readonly data: () => uPlot.AlignedData;
  /** Seconds that are shown; null: all. Called inside an effect. */
  readonly range: () => readonly [number, number] | null;
  readonly y: { readonly from: number | null; readonly to: number | null; readonly suffix: string };
  /** Draws on the canvas after the lines. */
  readonly after?: (plot: uPlot) => void;
  readonly onPick?: (seconds: number) => void;
  /** Is given the canvas, for export. */
  readonly onCanvas?: (canvas: HTMLCanvasElement) => void;
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const now = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(
      optionsOf(props, element.clientWidth),
      [[], ...props.series.map(() => [])] as never,
      element,
    );
    plot.root.querySelector("canvas")!.setAttribute("aria-hidden", "true");
    props.onCanvas?.(plot.ctx.canvas);
    let [shownFrom, shownTo] = [0, 1];
    const placeNow = (): void => {
      const seconds = moment.value / 1e6;
      const ratio = (seconds - shownFrom) / (shownTo - shownFrom);
      const style = now.current!.style;
      style.display = ratio >= 0 && ratio <= 1 ? "block" : "none";
      const { left, width, top, height } = plot.bbox;
      const scale = devicePixelRatio;
      style.transform = `translateX(${(left + ratio * width) / scale}px)`;
      style.top = `${top / scale}px`;
      style.height = `${height / scale}px`;
    };
    const stops = [
      effect(() => {
        isDark.value;
        plot.setData(props.data(), false);
      }),
      effect(() => {
        [shownFrom, shownTo] = props.range() ?? [0, Math.max(1, headMicros.value / 1e6 + 5)];
        plot.setScale("x", { min: shownFrom, max: shownTo });
        placeNow();
      }),
      effect(placeNow),
    ];
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== plot.width) plot.setSize({ width: element.clientWidth, height: props.height });
      placeNow();
    });
    observer.observe(element);
    const pick = (event: MouseEvent): void => {
      const box = plot.over.getBoundingClientRect();
      props.onPick?.(plot.posToVal(event.clientX - box.left, "x"));
    };
    plot.over.addEventListener("click", pick);
    return () => {
      for (const stop of stops) stop();
      observer.disconnect();
      plot.destroy();
    };
  }, []);
  return (
    <div class="chart" role="img" aria-label={props.label}>
      <div ref={place} />
      <div class="now" ref={now} />
    </div>
  );
}

function optionsOf(props: ChartProps, width: number): uPlot.Options {
  const { from, to, suffix } = props.y;
  const axis: uPlot.Axis = {
    stroke: () => colour("quiet"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1 },
    font: "11px system-ui",
  };
  return {
    width: Math.max(100, width),
    height: props.height,
    series: [{}, ...props.series],
    bands: [...(props.bands ?? [])],
    scales: {
      x: { time: false, auto: false },
      y: { range: (_plot, low, high) => [from ?? Math.min(low, 0), to ?? (high > 0 ? high * 1.05 : 1)] },
    },
    axes: [
      { ...axis, size: 26, values: (_plot, values) => values.map((value) => `${value} s`) },
      { ...axis, size: 46, values: (_plot, values) => values.map((value) => `${value}${suffix}`) },
    ],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: props.after === undefined ? {} : { draw: [props.after] },
  };
}
