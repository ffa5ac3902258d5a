// What is on the page as files: a picture, the timeline as SVG, both results as JSON.

import { drawPlot } from "../draw/plot.ts";
import { CanvasSurface, FONT, SvgSurface } from "../draw/surface.ts";
import { commandOf } from "../options.ts";
import { digestOf, resultFileOf } from "../outcome.ts";
import { timelinePlot } from "../panels/timeline.tsx";
import * as state from "../state.ts";
import { colour } from "../theme.ts";

const [WIDTH, PLOT_HEIGHT] = [1340, 260];

function title(): string {
  const [a, b] = state.bothSides.map((side) => side.policy.value);
  const what = state.shownFile.value ?? commandOf(state.options.value);
  return `mempred · A ${a}, B ${b} · ${(state.moment.value / 1e6).toFixed(1)} s · ${what} · digest ${digestOf() ?? "none"}`;
}

export function exportSvg(): void {
  const surface = new SvgSurface();
  surface.text(10, 16, title(), colour("ink"), "start");
  drawPlot(surface, { ...timelinePlot(), ink: colour("ink") }, WIDTH, PLOT_HEIGHT);
  save(
    "mempred.svg",
    new Blob([surface.finish(WIDTH, PLOT_HEIGHT, colour("ground"), title())], { type: "image/svg+xml" }),
  );
}

export function exportPng(): void {
  const maps = [...document.querySelectorAll<HTMLCanvasElement>("canvas[data-side]")];
  const mapHeight = Math.max(...maps.map((map) => map.height));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: WIDTH, height: mapHeight + PLOT_HEIGHT + 44 });
  const context = canvas.getContext("2d")!;
  context.fillStyle = colour("ground");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colour("ink");
  context.font = FONT;
  context.fillText(title(), 10, 16);
  maps.forEach((map, i) => {
    context.drawImage(map, 10 + i * (map.width + 20), 26);
  });
  context.translate(0, mapHeight + 40);
  drawPlot(new CanvasSurface(context), timelinePlot(), WIDTH, PLOT_HEIGHT);
  canvas.toBlob((blob) => blob !== null && save("mempred.png", blob));
}

export function exportJson(): void {
  const result = resultFileOf();
  if (result === null) state.message.value = { kind: "error", text: "there is a result when both runs are done" };
  else save("mempred.json", new Blob([`${JSON.stringify(result)}\n`], { type: "application/json" }));
}

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
