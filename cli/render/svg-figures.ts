// The figures of the results page: avoidable OOM against MiB moved (over all families, and family by family), avoidable OOM
// by family with intervals.

import type { EvaluationFile, RunPart } from "../../sim/suite/evaluation.ts";
import { bySeed, figureMean, leastDenyingReactive, rowsOf } from "../../sim/suite/evaluation-table.ts";
import { competitors, type WorkCurve, workCurve } from "../../sim/suite/evaluation-work.ts";
import { BOUNDS, policyBase } from "../../sim/suite/plan.ts";
import { mean, meanInterval } from "../../sim/suite/statistics.ts";
import { formatCount } from "./format.ts";
import { policyStyles, styleId } from "./svg-styles.ts";
import { axisTicks, SvgWriter } from "./svg-writer.ts";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Avoidable OOM against MiB moved, means over all families. Null where nothing competed. */
export function workFigure(file: EvaluationFile, part: RunPart): string | null {
  const curves = shownCurves(file, part);
  if (curves.length === 0) return null;
  const styles = policyStyles(curves.map((curve) => curve.policy));
  const width = 890;
  const svg = new SvgWriter({
    widthPixels: width,
    heightPixels: 500,
    title: "Avoidable OOM against MiB moved",
    description: describeCurves(curves),
    styles,
  });
  svg.text(20, 28, "Avoidable OOM a run against MiB moved, 95 % level, mean over families", "title");
  svg.text(
    20,
    48,
    "A point is a budget for proactive runs, from 0 to ∞; thick: what a mixture of budgets reaches. Left and low is good.",
  );
  const box = { left: 70, top: 66, width: width - 270, height: 374 };
  const shown = withoutOutliers(curves);
  drawCurves(svg, box, shown, true);
  curves
    .filter((curve) => !shown.includes(curve))
    .forEach((curve, i) => {
      const [point] = curve.hull;
      const place = `${formatCount(point!.ooms)} OOM at ${formatCount(point!.movedMib)} MiB`;
      svg.text(box.left + 10, box.top + 18 + 18 * i, `above: ${curve.policy}, ${place}`, "axis");
    });
  svg.text(box.left + box.width / 2, 486, "MiB moved a run, all compactions", "axis", "middle");
  svg.text(20, box.top + box.height / 2, "avoidable OOM a run", "axis", "middle", -90);
  curves.forEach((curve, i) => {
    const y = box.top + 12 + i * 22;
    const x = box.left + box.width + 24;
    const id = styleId(curve.policy);
    if (curve.points.length > 1)
      svg.path(
        [
          [x, y - 4],
          [x + 28, y - 4],
        ],
        `line-${id}`,
      );
    svg.marker(x + 14, y - 4, styles.get(id)!.marker, `marker-${id}`);
    svg.text(x + 36, y, curve.policy, curve.policy === "predictive" ? "strong" : "label");
  });
  return svg.finish();
}

/** The same, a panel per family. */
export function workByFamilyFigure(file: EvaluationFile, part: RunPart): string | null {
  const all = shownCurves(file, part);
  if (all.length === 0 || part.scenarios.length < 2) return null;
  const styles = policyStyles(all.map((curve) => curve.policy));
  const columns = 3;
  const [cellWidth, cellHeight] = [310, 220];
  const rows = Math.ceil(part.scenarios.length / columns);
  const legendRows = Math.ceil(all.length / 5);
  const svg = new SvgWriter({
    widthPixels: columns * cellWidth + 20,
    heightPixels: rows * cellHeight + 60 + legendRows * 20,
    title: "Avoidable OOM against MiB moved by family",
    description: `${part.scenarios.join(", ")}: the table beside this figure has who is ahead`,
    styles,
  });
  svg.text(
    20,
    28,
    "Avoidable OOM a run (up) against MiB moved (right), 95 % level; single points far above are left out",
    "title",
  );
  all.forEach((curve, i) => {
    const [x, y] = [20 + (i % 5) * 180, 52 + Math.floor(i / 5) * 20];
    const id = styleId(curve.policy);
    if (curve.points.length > 1)
      svg.path(
        [
          [x, y - 4],
          [x + 26, y - 4],
        ],
        `line-${id}`,
      );
    svg.marker(x + 13, y - 4, styles.get(id)!.marker, `marker-${id}`);
    svg.text(x + 32, y, curve.policy, curve.policy === "predictive" ? "strong" : "label");
  });
  part.scenarios.forEach((scenario, i) => {
    const left = 52 + (i % columns) * cellWidth;
    const top = 70 + legendRows * 20 + Math.floor(i / columns) * cellHeight;
    svg.text(left, top, scenario, "strong");
    const box = { left, top: top + 8, width: cellWidth - 70, height: cellHeight - 62 };
    drawCurves(svg, box, withoutOutliers(shownCurves(file, part, scenario)), false);
  });
  return svg.finish();
}

/** Avoidable OOM by family: the least denying reactive beside predictive, 95 % intervals of the means. */
export function familyFigure(suite: RunPart, pressureRatio: number): string | null {
  const baseline = leastDenyingReactive(suite, { pressureRatio });
  if (baseline === null || !suite.policies.includes("predictive")) return null;
  const groups = suite.scenarios.map((scenario) => ({
    scenario,
    bars: [baseline, "predictive"].map((policy) => {
      const values = [...bySeed(rowsOf(suite, policy, { scenario, pressureRatio }), "oom_avoidable").values()];
      return { policy, mean: values.length === 0 ? 0 : mean(values), interval: meanInterval(values) };
    }),
  }));
  const most = Math.max(1, ...groups.flatMap((group) => group.bars.map((bar) => bar.interval?.[1] ?? bar.mean)));
  const bounds = BOUNDS.filter((bound) => suite.policies.includes(bound));
  const boundMarkers = ["diamond", "down"] as const;
  const rowHeight = 46;
  const height = 100 + groups.length * rowHeight;
  const svg = new SvgWriter({
    widthPixels: 860,
    heightPixels: height,
    title: "Avoidable OOM by family",
    description: groups
      .map(
        (group) => `${group.scenario}: ${group.bars.map((bar) => `${bar.policy} ${bar.mean.toFixed(1)}`).join(", ")}`,
      )
      .join("; "),
  });
  svg.text(20, 28, `Avoidable OOM a run by family, ${100 * pressureRatio} % level, with 95 % intervals`, "title");
  svg.rectangle(20, 40, 14, 14, "bar-baseline");
  svg.text(40, 52, baseline);
  svg.rectangle(200, 40, 14, 14, "bar-policy");
  svg.text(220, 52, "predictive");
  bounds.forEach((bound, i) => {
    svg.marker(387 + i * 180, 48, boundMarkers[i]!, "bound", 5);
    svg.text(400 + i * 180, 52, `${bound} (bound)`);
  });
  const box = { left: 130, top: 66, width: 640, height: height - 100 };
  const ticks = axisTicks(most);
  const scale = (value: number) => box.left + (value / ticks.at(-1)!) * box.width;
  for (const tick of ticks) {
    svg.line(scale(tick), box.top, scale(tick), box.top + box.height, "grid");
    svg.text(scale(tick), box.top + box.height + 18, formatCount(tick), "axis", "middle");
  }
  groups.forEach((group, i) => {
    const top = box.top + i * rowHeight + 5;
    svg.text(box.left - 10, top + 22, group.scenario, "label", "end");
    group.bars.forEach((bar, k) => {
      const y = top + k * 18;
      svg.rectangle(box.left, y, scale(bar.mean) - box.left, 16, k === 0 ? "bar-baseline" : "bar-policy");
      const [low, high] = bar.interval ?? [bar.mean, bar.mean];
      svg.line(scale(low), y + 8, scale(high), y + 8, "whisker");
      for (const end of [low, high]) svg.line(scale(end), y + 4, scale(end), y + 12, "whisker");
      svg.text(scale(high) + 6, y + 12, formatCount(bar.mean), "small");
    });
    bounds.forEach((bound, k) => {
      const value = figureMean(suite, bound, "oom_avoidable", { scenario: group.scenario, pressureRatio });
      if (value !== null && value <= ticks.at(-1)!) svg.marker(scale(value), top + 17, boundMarkers[k]!, "bound", 5);
    });
  });
  return svg.finish();
}

/** Curves in the order of the report: the variants of reactive as points, then who competes; `predictive` last, on top. */
function shownCurves(file: EvaluationFile, part: RunPart, scenario?: string): WorkCurve[] {
  const rivals = competitors(file, part);
  const reactives = part.policies.filter((policy) => policyBase(policy) === "reactive");
  const ids = [
    ...reactives,
    ...rivals.filter((id) => id !== "predictive"),
    ...rivals.filter((id) => id === "predictive"),
  ];
  return ids.map((id) => workCurve(part, id, scenario)).filter((curve) => curve !== null);
}

/** Without single points of over 1.5 times what any competitor denies: they would press all others into a corner. */
function withoutOutliers(curves: readonly WorkCurve[]): WorkCurve[] {
  const competing = curves.filter((curve) => curve.points.length > 1);
  if (competing.length === 0) return [...curves];
  const limit = 1.5 * Math.max(...competing.flatMap((curve) => curve.points.map((point) => mean(point.ooms))));
  return curves.filter((curve) => curve.points.length > 1 || mean(curve.points[0]!.ooms) <= limit);
}

function drawCurves(svg: SvgWriter, box: Box, curves: readonly WorkCurve[], isLarge: boolean): void {
  const means = curves.map((curve) =>
    curve.points.map((point) => ({ moved: mean(point.movedMib), ooms: mean(point.ooms) })),
  );
  const flat = means.flat();
  const xTicks = axisTicks(Math.max(0.001, ...flat.map((point) => point.moved)), isLarge ? 6 : 4);
  const yTicks = axisTicks(Math.max(0.001, ...flat.map((point) => point.ooms)), isLarge ? 6 : 4);
  const x = (value: number) => box.left + (value / xTicks.at(-1)!) * box.width;
  const y = (value: number) => box.top + (1 - value / yTicks.at(-1)!) * box.height;
  for (const tick of xTicks) {
    svg.line(x(tick), box.top, x(tick), box.top + box.height, "grid");
    svg.text(x(tick), box.top + box.height + 16, formatCount(tick), "axis", "middle");
  }
  for (const tick of yTicks) {
    svg.line(box.left, y(tick), box.left + box.width, y(tick), "grid");
    svg.text(box.left - 6, y(tick) + 4, formatCount(tick), "axis", "end");
  }
  svg.rectangle(box.left, box.top, box.width, box.height, "frame");
  const styles = policyStyles(curves.map((curve) => curve.policy));
  curves.forEach((curve, i) => {
    const id = styleId(curve.policy);
    const hull = curve.hull.map((vertex) => [x(vertex.movedMib), y(vertex.ooms)] as const);
    if (means[i]!.length > 1)
      svg.path(
        means[i]!.map((point) => [x(point.moved), y(point.ooms)]),
        `line-${id} thin`,
      );
    if (hull.length > 1) svg.path(hull, `line-${id}`);
    const vertices = new Set(curve.hull.map((vertex) => vertex.point));
    means[i]!.forEach((point, k) => {
      const radius = (isLarge ? 4 : 3) * (vertices.has(k) ? 1 : 0.7);
      svg.marker(x(point.moved), y(point.ooms), styles.get(id)!.marker, `marker-${id}`, radius);
    });
    if (!isLarge || curve.policy !== "predictive" || means[i]!.length < 2) return;
    for (const [k, label] of [
      [0, "0"],
      [means[i]!.length - 1, "∞"],
    ] as const)
      svg.text(x(means[i]![k]!.moved) + 8, y(means[i]![k]!.ooms) + 14, label, "strong");
  });
}

function describeCurves(curves: readonly WorkCurve[]): string {
  return curves
    .map((curve) => {
      const [first, last] = [curve.hull[0]!, curve.hull.at(-1)!];
      const from = `${first.ooms.toFixed(1)} at ${first.movedMib.toFixed(1)} MiB`;
      return `${curve.policy}: ${from}${curve.hull.length > 1 ? ` to ${last.ooms.toFixed(1)} at ${last.movedMib.toFixed(1)} MiB` : ""}`;
    })
    .join("; ");
}
