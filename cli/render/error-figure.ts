// How good the forecasts of recorded runs were, as SVG: the error over time, beside that of saying "it stays as it is".

import { HORIZON_TICKS } from "../../core/units.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { formatCount, formatMoment, formatPercent } from "./format.ts";
import { policyStyles, styleId } from "./svg-styles.ts";
import { axisTicks, SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const LEFT = 62;
const PLOT_WIDTH = WIDTH - LEFT - 20;
const PLOT_HEIGHT = 150;
const LANE_HEIGHT = PLOT_HEIGHT + 60;
/** Errors are means of the last so many forecasts, as on the page. */
const SMOOTHED = 20;

/** Absolute errors of the forecasts that have come due, in percentage points, by the tick that they were for; NaN before that. */
export interface ForecastErrors {
  readonly own: Float64Array;
  /** Of the forecast that nothing changes. */
  readonly persistence: Float64Array;
  readonly count: number;
  readonly meanOwn: number;
  readonly meanPersistence: number;
}

/** Null where nothing forecasts. */
export function forecastErrors({ ticks }: Recording): ForecastErrors | null {
  const own = new Float64Array(ticks.count).fill(NaN);
  const persistence = new Float64Array(ticks.count).fill(NaN);
  let [count, sumOwn, sumPersistence] = [0, 0, 0];
  for (let row = HORIZON_TICKS; row < ticks.count; row++) {
    const made = row - HORIZON_TICKS;
    const [forecast, came] = [ticks.forecast[made]!, ticks.watched[row]!];
    if (Number.isNaN(forecast) || Number.isNaN(came)) continue;
    own[row] = 100 * Math.abs(forecast - came);
    persistence[row] = 100 * Math.abs(ticks.watched[made]! - came);
    count++;
    sumOwn += own[row]!;
    sumPersistence += persistence[row]!;
  }
  if (count === 0) return null;
  return { own, persistence, count, meanOwn: sumOwn / count, meanPersistence: sumPersistence / count };
}

/** One lane a run that forecasts. Null without any. */
export function errorFigure(recordings: readonly Recording[]): string | null {
  const lanes = recordings.flatMap((recording) => {
    const errors = forecastErrors(recording);
    return errors === null ? [] : [{ recording, errors }];
  });
  if (lanes.length === 0) return null;
  const { scenario, pressureRatio, seed } = lanes[0]!.recording.header;
  const height = 62 + lanes.length * LANE_HEIGHT + 20;
  const say = ({ recording, errors }: (typeof lanes)[number]) =>
    `${recording.header.policy}: mean error ${formatCount(errors.meanOwn)} points over ${formatCount(errors.count)} forecasts; saying that nothing changes, ${formatCount(errors.meanPersistence)}.`;
  const svg = new SvgWriter({
    widthPixels: WIDTH,
    heightPixels: height,
    title: `Forecast error over time: ${scenario}, ${formatPercent(pressureRatio)}, seed ${seed}`,
    description: lanes.map(say).join(" "),
    styles: policyStyles(lanes.map(({ recording }) => recording.header.policy)),
  });
  svg.text(20, 26, `${scenario} at ${formatPercent(pressureRatio)}, seed ${seed}: error of the forecast`, "title");
  svg.text(20, 46, `Percentage points, mean of ${SMOOTHED} forecasts, at the moment they were for. Dashes: saying that nothing changes.`, "axis"); // biome-ignore format: one line
  const endMicros = Math.max(...lanes.map(({ recording }) => recording.endMicros));
  lanes.forEach(({ recording, errors }, i) => {
    const top = 62 + i * LANE_HEIGHT;
    const { micros } = recording.ticks;
    const [own, persistence] = [smoothed(errors.own), smoothed(errors.persistence)];
    const scale = axisTicks(Math.max(...finite(own), ...finite(persistence), 1), 4);
    const most = scale.at(-1)!;
    const y = (points: number) => top + PLOT_HEIGHT - (points / most) * PLOT_HEIGHT;
    for (const points of scale) {
      svg.line(LEFT, y(points), LEFT + PLOT_WIDTH, y(points), "grid");
      svg.text(LEFT - 6, y(points) + 4, `${points}`, "axis", "end");
    }
    const line = (values: Float64Array) =>
      Array.from(values, (value, row) => [LEFT + (micros[row]! / endMicros) * PLOT_WIDTH, y(value)] as const).filter(
        ([, at]) => !Number.isNaN(at),
      );
    svg.path(line(persistence), "line-forecast");
    svg.path(line(own), `line-${styleId(recording.header.policy)}`);
    svg.text(LEFT, top + PLOT_HEIGHT + 22, say({ recording, errors }), "strong");
  });
  for (let i = 0; i <= 5; i++) {
    const anchor = i === 0 ? "start" : i === 5 ? "end" : "middle";
    svg.text(LEFT + (PLOT_WIDTH * i) / 5, height - 12, formatMoment((endMicros * i) / 5), "axis", anchor);
  }
  return svg.finish();
}

/** Means of the last SMOOTHED values that are there; NaN until there are so many. */
function smoothed(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length).fill(NaN);
  const window: number[] = [];
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row]!)) continue;
    window.push(values[row]!);
    if (window.length > SMOOTHED) window.shift();
    if (window.length === SMOOTHED) out[row] = window.reduce((sum, value) => sum + value, 0) / SMOOTHED;
  }
  return out;
}

function finite(values: Float64Array): number[] {
  return [...values].filter((value) => !Number.isNaN(value));
}
