// The memory of this machine as it goes: what is used, what is foreseen, and the level that caches and preloaders would be told.

import { PressureGovernor } from "../../cache/pressure-governor.ts";
import type { PressureReading, PressureSource } from "../../core/pressure.ts";
import type { Palette } from "../colour.ts";
import { formatBytes, formatPercent } from "../render/format.ts";
import { lineChart } from "../render/line-chart.ts";
import { cut, type ScreenSize } from "./run-screen.ts";
import type { Viewer } from "./show.ts";

const READ_MILLIS = 500;
/** Two minutes. */
const KEPT = 240;
const KEYS = "p pause · q quit";

export class LiveViewer implements Viewer {
  isDone = false;
  isPaused = false;
  readonly #source: PressureSource;
  readonly #name: () => string;
  readonly #governor = new PressureGovernor();
  readonly #readings: PressureReading[] = [];
  readonly #changes: string[] = [];
  readonly #palette: Palette;
  readonly #isUnicode: boolean;
  #sinceMillis = READ_MILLIS;
  #trouble = "";

  /** @param name of the limit that binds */
  constructor(source: PressureSource, name: () => string, palette: Palette, isUnicode: boolean) {
    this.#source = source;
    this.#name = name;
    this.#palette = palette;
    this.#isUnicode = isUnicode;
    this.#governor.onChange(({ from, to, reason, atMillis }) => {
      const at = `${(atMillis / 1000).toFixed(1)} s`.padStart(10);
      this.#changes.unshift(`${at}  ${from} ${isUnicode ? "→" : "->"} ${to}, by ${reason}`);
      this.#changes.splice(50);
    });
  }

  press(key: string): void {
    if (key === "q" || key === "escape" || key === "ctrl-c") this.isDone = true;
    else if (key === "p" || key === " ") this.isPaused = !this.isPaused;
  }

  advance(wallMillis: number): void {
    this.#sinceMillis += wallMillis;
    if (this.isPaused || this.#sinceMillis < READ_MILLIS) return;
    this.#sinceMillis = 0;
    this.read();
  }

  /** A reading now. A source that fails is told and asked again. */
  read(): void {
    try {
      const reading = this.#source.read();
      this.#trouble = "";
      this.#readings.push(reading);
      if (this.#readings.length > KEPT) this.#readings.shift();
      this.#governor.update(reading);
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      this.#governor.fail(this.#readings.at(-1)?.atMillis ?? 0);
    }
  }

  draw({ columns, rows }: ScreenSize): string[] {
    const palette = this.#palette;
    const now = this.#readings.at(-1);
    const title = `mempred top --live · ${this.#name()} · level ${this.#governor.level}${this.isPaused ? " · paused" : ""}`;
    const lines = [palette.strong(cut(title, columns))];
    if (now === undefined) lines.push(cut(this.#trouble || "no reading yet", columns));
    else {
      const forecast = Number.isNaN(now.forecastRatio)
        ? "no forecast yet"
        : `in ${now.horizonMillis / 1000} s ${formatPercent(now.forecastRatio, 1)}, at most ${formatPercent(Math.min(1, now.upperRatio), 1)}`;
      const used = `${formatPercent(now.pressureRatio, 1)}: ${formatBytes(now.usedBytes)} of ${formatBytes(now.limitBytes)}`;
      lines.push(cut(`${used} · ${forecast}`, columns));
      const eventRows = Math.max(1, Math.floor(rows / 4));
      const height = Math.max(2, rows - 4 - eventRows);
      lines.push(...this.#chart(columns, height));
      lines.push(cut(this.#trouble || "level changes:", columns));
      for (let i = 0; i < eventRows; i++) lines.push(cut(this.#changes[i] ?? "", columns));
    }
    lines.splice(Math.max(1, rows - 1));
    while (lines.length < rows - 1) lines.push("");
    lines.push(palette.dim(cut(KEYS, columns)));
    return lines;
  }

  #chart(columns: number, height: number): string[] {
    const values = new Float64Array(KEPT).fill(NaN);
    this.#readings.forEach((reading, i) => {
      values[KEPT - this.#readings.length + i] = reading.pressureRatio;
    });
    const shown = this.#readings.map((reading) => reading.pressureRatio);
    const [least, most] = [Math.min(...shown), Math.max(...shown)];
    const low = Math.max(0, Math.floor(least * 20 - 0.5) / 20);
    const high = Math.min(1, Math.max(low + 0.05, Math.ceil(most * 20 + 0.5) / 20));
    const formatValue = (value: number) => formatPercent(value, 0).padStart(5);
    const options = {
      mark: "*",
      width: Math.max(10, columns - 7),
      height,
      low,
      high,
      isUnicode: this.#isUnicode,
      formatValue,
    };
    return lineChart(values, options);
  }
}
