// Many seeds as SVG: a dot is a seed, the avoidable OOMs of a policy less those of the baseline on the same demand. A panel for
// each scenario, level and policy, with the mean, its interval, and the bounds where the result holds them.

import type { ResultFile, RunResult } from "../../sim/result.ts";
import { groupRuns, intervalOf, pairBySeed } from "../../sim/suite/comparisons.ts";
import { BOUNDS, type Suite } from "../../sim/suite/plan.ts";
import { headlineBaseline } from "../../sim/suite/verdicts.ts";
import { formatCount, formatPercent, formatSeeds, formatSigned } from "./format.ts";
import { axisTicks, OOM_COLOUR, PREDICTIVE_COLOUR, PREDICTIVE_DARK_COLOUR, SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const TOP = 84;
const PANEL_HEIGHT = 216;
/** Plot within its panel. */
const [PLOT_LEFT, PLOT_TOP, PLOT_HEIGHT] = [52, 46, 130];
/** More panels a row than this are too narrow for their words. */
const MOST_COLUMNS = 3;
/** Of a strong text, on average, rounded up. */
const LETTER_PIXELS = 7.5;

const RULES = {
  light: `.mean{stroke:${PREDICTIVE_COLOUR};stroke-width:2}.fewer{fill:${PREDICTIVE_COLOUR}}.more{fill:#ffffff;stroke:${OOM_COLOUR};stroke-width:1.6}.same{fill:#8c959f}.perfect-forecast{stroke:#57606a;stroke-dasharray:6 3}.clairvoyant{stroke:#57606a;stroke-dasharray:2 3}`,
  dark: `.mean{stroke:${PREDICTIVE_DARK_COLOUR}}.fewer{fill:${PREDICTIVE_DARK_COLOUR}}.more{fill:#0d1117}.perfect-forecast,.clairvoyant{stroke:#8b949e}`,
};

interface Panel {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  readonly seeds: readonly number[];
  /** By seed. */
  readonly differences: readonly number[];
  readonly mean: number;
  readonly ci95: readonly [number, number] | null;
  readonly baselineMean: number;
  /** Mean differences of the bounds in this scenario at this level. */
  readonly bounds: readonly { readonly policy: string; readonly difference: number }[];
  /** Ticks of its axis, the same for all policies of a scenario and level. */
  readonly scale: readonly number[];
}

/**
 * The paired differences of a result, against the variant of reactive that denied least.
 * @param policies of them only these get panels; bounds are lines, and get panels only where nothing else is asked for
 * Null where there is nothing to compare.
 */
export function seedsFigure(result: ResultFile, policies: readonly string[]): string | null {
  const suite = result.suite as Suite;
  const baseline = headlineBaseline(suite, result.runs);
  const isBound = (policy: string) => (BOUNDS as readonly string[]).includes(policy);
  const rivals = policies.filter((policy) => policy !== baseline);
  const shown = rivals.some((policy) => !isBound(policy)) ? rivals.filter((policy) => !isBound(policy)) : rivals;
  const groups = panelsOf(result, baseline, shown);
  const panels = groups.flat();
  if (panels.length === 0) return null;
  const columns = columnsOf(shown.length === 1 ? panels.length : shown.length, panels);
  const rows = rowsOf(groups, columns);
  const seeds = [...new Set(panels.flatMap((panel) => panel.seeds))].sort((a, b) => a - b);
  const svg = new SvgWriter({
    widthPixels: WIDTH,
    heightPixels: TOP + rows.length * PANEL_HEIGHT,
    title: `Avoidable OOM by seed, against ${baseline}`,
    description: panels.map((panel) => `${headOf(panel)}: ${meanText(panel)}${boundsText(panel)}.`).join(" "),
    rules: RULES,
  });
  const partial = result.isPartial === true ? "; interrupted, not all of it was run" : "";
  svg.text(20, 26, `Avoidable OOM a run: each policy minus ${baseline}, ${formatSeeds(seeds)}${partial}`, "title");
  svg.text(20, 46, "A dot is a seed, the same demand for both: filled below 0, fewer; hollow above, more. Line: mean, shaded: its 95 % interval.", "axis"); // biome-ignore format: one line
  svg.text(20, 62, cautionOf(panels, seeds.length), "axis");
  const cell = (WIDTH - 20) / columns;
  rows.forEach((row, y) => {
    row.forEach((panel, x) => {
      drawPanel(svg, panel, { left: 20 + x * cell, top: TOP + y * PANEL_HEIGHT, width: cell - 20 });
    });
  });
  return svg.finish();
}

/** A list for each scenario and level, a panel for each policy. */
function panelsOf({ suite, runs }: ResultFile, baseline: string, policies: readonly string[]): Panel[][] {
  const groups = groupRuns(runs);
  return suite.scenarios.flatMap((scenario) =>
    suite.pressures.map((pressureRatio) => {
      const own = (policy: string): readonly RunResult[] =>
        groups.find((one) => one.scenario === scenario && one.pressureRatio === pressureRatio && one.policy === policy)
          ?.runs ?? [];
      const paired = (policy: string) =>
        pairBySeed(own(baseline), own(policy)).map(([a, b]) => [a.seed, a.ooms.avoidable, b.ooms.avoidable] as const);
      const bounds = BOUNDS.flatMap((policy) => {
        const pairs = paired(policy);
        const sum = pairs.reduce((total, [, a, b]) => total + b - a, 0);
        return pairs.length === 0 ? [] : [{ policy, difference: sum / pairs.length }];
      });
      const rivals = policies.map((policy) => ({ policy, pairs: [...paired(policy)].sort(([a], [b]) => a - b) }));
      const scale = signedTicks([
        ...rivals.flatMap(({ pairs }) => pairs.map(([, a, b]) => b - a)),
        ...bounds.map(({ difference }) => difference),
      ]);
      return rivals.flatMap(({ policy, pairs }): Panel[] => {
        if (pairs.length === 0) return [];
        const interval = intervalOf(
          pairs.map(([, a]) => a),
          pairs.map(([, , b]) => b),
        );
        return [
          {
            ...{ scenario, pressureRatio, policy },
            seeds: pairs.map(([seed]) => seed),
            differences: pairs.map(([, a, b]) => b - a),
            mean: interval.policy - interval.baseline,
            ci95: interval.ci95,
            baselineMean: interval.baseline,
            bounds: bounds.filter((bound) => bound.policy !== policy),
            scale,
          },
        ];
      });
    }),
  );
}

/** Four are better two by two than three and one; and no more than their headings have room for. */
function columnsOf(wanted: number, panels: readonly Panel[]): number {
  const widest = Math.max(...panels.map((panel) => headOf(panel).length)) * LETTER_PIXELS;
  const most = Math.max(1, Math.min(MOST_COLUMNS, Math.floor((WIDTH - 20) / (widest + 20))));
  return wanted === 4 ? Math.min(2, most) : Math.min(most, wanted);
}

/** With one policy panels flow; with more each scenario and level begins a row. */
function rowsOf(groups: readonly (readonly Panel[])[], columns: number): Panel[][] {
  const isFlowing = groups.every((group) => group.length <= 1);
  const parts = isFlowing ? [groups.flat()] : groups;
  return parts.flatMap((part) =>
    Array.from({ length: Math.ceil(part.length / columns) }, (_, row) =>
      part.slice(row * columns, (row + 1) * columns),
    ),
  );
}

function headOf({ scenario, pressureRatio, policy }: Panel): string {
  return `${scenario} ${formatPercent(pressureRatio)}: ${policy}`;
}

function meanText({ mean, ci95, baselineMean }: Panel): string {
  const of = `${formatSigned(mean)} of ${formatCount(baselineMean)}`;
  if (ci95 === null) return `${of}: one seed, no interval`;
  const word = ci95[1] < 0 ? "fewer" : ci95[0] > 0 ? "MORE" : ci95[0] === 0 && ci95[1] === 0 ? "equal" : "no difference shown"; // biome-ignore format: one line
  return `${of} [${formatSigned(ci95[0])}, ${formatSigned(ci95[1])}] ${word}`;
}

function boundsText({ bounds }: Panel): string {
  return bounds.map(({ policy, difference }) => `; ${policy} ${formatSigned(difference)}`).join("");
}

function cautionOf(panels: readonly Panel[], seedCount: number): string {
  const drawn = new Set(panels.flatMap(({ bounds }) => bounds.map(({ policy }) => policy)));
  const parts = [
    ...(seedCount === 1 ? ["One seed: no interval, draw no conclusion."] : []),
    ...(seedCount > 1 && seedCount < 20
      ? [`${seedCount} seeds: the intervals are rough, claim nothing under 20.`]
      : []),
    ...(drawn.has("perfect-forecast") ? ["Dashed: perfect-forecast, told the true pressure in 5 s."] : []),
    ...(drawn.has("clairvoyant") ? ["Dotted: clairvoyant, who knows every request."] : []),
  ];
  return parts.join(" ");
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

function drawPanel(svg: SvgWriter, panel: Panel, place: Place): void {
  const { differences, seeds, bounds, mean, ci95, scale } = panel;
  const [left, width, top] = [place.left + PLOT_LEFT, place.width - PLOT_LEFT, place.top + PLOT_TOP];
  svg.text(place.left, place.top + 14, headOf(panel), "strong");
  svg.text(place.left, place.top + 31, meanText(panel), "axis");
  const [least, most] = [scale[0]!, scale.at(-1)!];
  const y = (value: number) => top + ((most - value) / (most - least)) * PLOT_HEIGHT;
  const x = (index: number) => left + ((index + 0.5) / Math.max(5, seeds.length)) * width;
  for (const tick of scale) {
    svg.line(left, y(tick), left + width, y(tick), tick === 0 ? "frame" : "grid");
    svg.text(left - 6, y(tick) + 4, formatSigned(tick), "axis", "end");
  }
  if (ci95 !== null) svg.rectangle(left, y(ci95[1]), width, Math.max(1, y(ci95[0]) - y(ci95[1])), "band");
  for (const { policy, difference } of bounds) svg.line(left, y(difference), left + width, y(difference), policy);
  svg.line(left, y(mean), left + width, y(mean), "mean");
  const radius = seeds.length > 60 ? 2.2 : 3.6;
  differences.forEach((difference, i) => {
    svg.marker(x(i), y(difference), "circle", difference < 0 ? "fewer" : difference > 0 ? "more" : "same", radius);
  });
  const foot = top + PLOT_HEIGHT + 16;
  svg.text(x(0), foot, `seed ${seeds[0]}`, "axis", "start");
  if (seeds.length > 4) svg.text(left + width, foot, `seed ${seeds.at(-1)}`, "axis", "end");
}

/** Round steps around 0 that cover all values: whole ones, for counts are. */
function signedTicks(values: readonly number[]): number[] {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const [first, second] = axisTicks(most - least, 4);
  const step = Math.max(1, Math.ceil(second! - first!));
  const ticks: number[] = [];
  for (let i = Math.floor(least / step); i * step < most + step * 0.999; i++) ticks.push(i * step);
  return ticks.length > 1 ? ticks : [0, step];
}
