// How figures of an evaluation are written: differences with interval and p, ratios with interval, marks.

import type { Mark, MarkUnit } from "../../sim/suite/evaluation-marks.ts";
import type { TestedDifference } from "../../sim/suite/evaluation-table.ts";
import type { RatioInterval } from "../../sim/suite/ratio-interval.ts";
import { formatBytes, formatChange, formatCount, formatPercent, formatSigned } from "./format.ts";

/** 0.012 · <0.001 · 1. */
export function formatP(p: number | null): string {
  if (p === null) return "n/a";
  if (p < 0.001) return "<0.001";
  return p >= 0.995 ? "1" : p.toFixed(p < 0.1 ? 3 : 2);
}

/** "−52.5 (−44 %) [−58.0, −47.0]"; n/a where there is none. */
export function formatDifference(
  result: TestedDifference | null,
  format: (value: number) => string = formatSigned,
): string {
  if (result === null) return "n/a";
  const difference = result.policy - result.baseline;
  const change = formatChange(result.changeRatio);
  const parts = [format(difference)];
  if (change !== "" && difference !== 0) parts.push(`(${change})`);
  if (result.ci95 !== null) parts.push(`[${format(result.ci95[0])}, ${format(result.ci95[1])}]`);
  return parts.join(" ");
}

/** "62 % [55 %, 68 %]". */
export function formatRatio(
  result: RatioInterval | null,
  format: (value: number) => string = (ratio) => formatPercent(ratio, 0),
): string {
  if (result === null || result.ratio === null) return "n/a";
  return `${format(result.ratio)}${result.ci95 === null ? "" : ` [${format(result.ci95[0])}, ${format(result.ci95[1])}]`}`;
}

/** Bytes with a sign. */
export function formatSignedBytes(bytes: number): string {
  return `${bytes > 0 ? "+" : ""}${formatBytes(bytes)}`;
}

/** Bytes as MiB, whatever their size, so that a column can be compared. */
export function formatMib(bytes: number): string {
  return formatCount(bytes / 1_048_576);
}

/** A number in the unit of a mark. */
export function formatMarkValue(value: number, unit: MarkUnit): string {
  switch (unit) {
    case "change":
      return `${value > 0 ? "+" : ""}${formatPercent(value, 1)}`;
    case "share":
      return formatPercent(value, 1);
    case "factor":
      return `${formatCount(value)} ×`;
    case "count":
      return String(value);
    case "number":
      return formatCount(value);
  }
}

/** By how much a mark was missed or beaten. */
export function formatMarkDistance({ measured, target, unit }: Mark): string {
  if (measured === null) return "";
  const distance = measured - target;
  if (unit === "change" || unit === "share") {
    const points = 100 * distance;
    return `${points > 0 ? "+" : ""}${points.toFixed(1).replace("-", "−")} pp`;
  }
  return formatSigned(distance);
}
