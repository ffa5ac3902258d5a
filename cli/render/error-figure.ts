// How good the forecasts of recorded runs were, as SVG: the error over time, beside that of saying "it stays as it is".

import { ERROR_WINDOW, forecastErrors, movingMean } from "../../sim/recording/forecast-errors.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { formatCount, formatMoment, formatPercent } from "./format.ts";
import { policyStyles, styleId } from "./svg-styles.ts";
import { axisTicks, SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const LEFT = 62;
const PLOT_WIDTH = WIDTH - LEFT - 20;
const PLOT_HEIGHT = 150;
const LANE_HEIGHT = PLOT_HEIGHT + 60;

/** One lane a run that forecasts. Null without any. */
export function errorFigure(recordings: readonly Recording[]): string | null {
  const lanes = recordings.flatMap((recording) => {
    const errors = forecastErrors(recording);
    return errors.count === 0 ? [] : [{ recording, errors }];
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
  svg.text(20, 46, `Percentage points, mean of ${ERROR_WINDOW} forecasts, at the moment they were for. Dashes: saying that nothing changes.`, "axis"); // biome-ignore format: one line
  const endMicros = Math.max(...lanes.map(({ recording }) => recording.endMicros));
  lanes.forEach(({ recording, errors }, i) => {
    const top = 62 + i * LANE_HEIGHT;
    const { micros } = recording.ticks;
    const [own, persistence] = [movingMean(errors.own), movingMean(errors.persistence)];
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

function finite(values: Float64Array): number[] {
  return [...values].filter((value) => !Number.isNaN(value));
}
