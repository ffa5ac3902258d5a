// Calibration as SVG: how likely critical pressure was called against how often it came, and how many forecasts that is. Of an
// evaluation one figure a policy, of recorded runs a panel for each that forecasts.

import type { CalibrationBin, ForecastReport } from "../../predictor/forecast-report.ts";
import { type RecordedForecast, recordedForecast } from "../../sim/recording/recorded-forecast.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { formatCount, formatPercent } from "./format.ts";
import { policyStyles, styleId } from "./svg-styles.ts";
import { SvgWriter } from "./svg-writer.ts";

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Forecast probability of critical pressure against how often it came. */
export function calibrationFigure(report: ForecastReport, policy: string): string {
  const svg = new SvgWriter({
    widthPixels: 560,
    heightPixels: 560,
    title: `Calibration of ${policy}`,
    description: binsText(report.calibration),
    styles: policyStyles([policy]),
  });
  svg.text(20, 28, `Calibration: critical pressure 5 s ahead, ${policy}`, "title");
  svg.text(20, 48, "Dashed: a forecast of 30 % comes true in 30 of 100. Bars: how many forecasts.");
  drawCalibration(svg, { left: 70, top: 64, width: 450, height: 330 }, report.calibration, policy);
  svg.text(20, 64 + 330 / 2, "share in which it came", "axis", "middle", -90);
  return svg.finish();
}

const CELL_WIDTH = 490;
const CELL_HEIGHT = 590;
const HEAD_HEIGHT = 66;

/** A panel for each run that forecasts, two beside each other. Null without any. */
export function recordedCalibrationFigure(recordings: readonly Recording[]): string | null {
  const panels = recordings.flatMap((recording) => {
    const forecast = recordedForecast(recording);
    return forecast === null ? [] : [{ header: recording.header, forecast }];
  });
  if (panels.length === 0) return null;
  const columns = Math.min(2, panels.length);
  const name = ({ header }: (typeof panels)[number]) =>
    `${header.policy}, ${header.scenario} at ${formatPercent(header.pressureRatio)}, seed ${header.seed}`;
  const svg = new SvgWriter({
    widthPixels: columns * CELL_WIDTH + 20,
    heightPixels: HEAD_HEIGHT + Math.ceil(panels.length / columns) * CELL_HEIGHT,
    title: "Calibration: critical pressure 5 s ahead",
    description: panels
      .map(
        (panel) => `${name(panel)}: ${scoreLines(panel.forecast).join("; ")}. ${binsText(panel.forecast.calibration)}.`,
      )
      .join(" "),
    styles: policyStyles(panels.map(({ header }) => header.policy)),
  });
  svg.text(20, 28, "Calibration: critical pressure 5 s ahead", "title");
  svg.text(20, 48, "Dashed: a forecast of 30 % comes true in 30 of 100. Bars: how many forecasts.");
  panels.forEach((panel, i) => {
    const [x, y] = [(i % columns) * CELL_WIDTH, HEAD_HEIGHT + Math.floor(i / columns) * CELL_HEIGHT];
    svg.text(x + 20, y + 20, name(panel), "strong");
    scoreLines(panel.forecast).forEach((line, k) => {
      svg.text(x + 20, y + 38 + 16 * k, line, "axis");
    });
    const box = { left: x + 76, top: y + 86, width: CELL_WIDTH - 96, height: 330 };
    drawCalibration(svg, box, panel.forecast.calibration, panel.header.policy);
    svg.text(x + 28, box.top + box.height / 2, "share in which it came", "axis", "middle", -90);
  });
  return svg.finish();
}

/** What the curve is worth: accuracy never without the base rate and the skill. */
function scoreLines(forecast: RecordedForecast): string[] {
  const { predictions, baseRate, brierSkill, maePercentPoints, skill, bestBaseline, accuracy, alarms } = forecast;
  const few = forecast.insufficient ? ", too few to judge by" : "";
  return [
    `${formatCount(predictions)} forecasts${few}; critical came after ${ratio(baseRate)} (base rate); Brier skill ${decimals(brierSkill)}`,
    `mean error ${decimals(maePercentPoints)} pp, skill ${decimals(skill)} against ${bestBaseline ?? "none"}; accuracy ${ratio(accuracy)}`,
    `alarms: precision ${ratio(alarms.precision)}, recall ${ratio(alarms.recall)}, standing ${ratio(alarms.standingShare)} of the time`,
  ];
}

function ratio(value: number | null): string {
  return value === null ? "n/a" : formatPercent(value, 0);
}

function decimals(value: number | null): string {
  const text = value === null ? "n/a" : value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "−");
}

function binsText(calibration: readonly CalibrationBin[]): string {
  return filled(calibration)
    .map(
      (bin) =>
        `${(100 * bin.meanProbability!).toFixed(0)} % forecast: came in ${(100 * bin.eventShare!).toFixed(0)} % of ${bin.predictions}`,
    )
    .join("; ");
}

function filled(calibration: readonly CalibrationBin[]): CalibrationBin[] {
  return calibration.filter((bin) => bin.predictions > 0);
}

/** The curve in the box, the counts under it, and the axes of both: 154 pixels below the box in all. */
function drawCalibration(svg: SvgWriter, box: Box, calibration: readonly CalibrationBin[], policy: string): void {
  const bins = filled(calibration);
  const id = styleId(policy);
  const x = (share: number) => box.left + share * box.width;
  const y = (share: number) => box.top + (1 - share) * box.height;
  const foot = box.top + box.height + 114;
  for (let i = 0; i <= 5; i++) {
    svg.line(x(i / 5), box.top, x(i / 5), box.top + box.height, "grid");
    svg.line(box.left, y(i / 5), box.left + box.width, y(i / 5), "grid");
    svg.text(box.left - 8, y(i / 5) + 4, `${i * 20} %`, "axis", "end");
    svg.text(x(i / 5), foot + 18, `${i * 20} %`, "axis", "middle");
  }
  svg.line(x(0), y(0), x(1), y(1), "diagonal");
  svg.path(
    bins.map((bin) => [x(bin.meanProbability!), y(bin.eventShare!)]),
    `line-${id}`,
  );
  const most = Math.max(...bins.map((bin) => bin.predictions));
  for (const bin of bins) {
    svg.marker(x(bin.meanProbability!), y(bin.eventShare!), "circle", `marker-${id}`, 5);
    // Square roots, so that a bin of a hundredth is still to be seen; the numbers say what they are.
    const height = Math.max(1, Math.sqrt(bin.predictions / most) * 70);
    const left = x(bin.fromProbability);
    svg.rectangle(left + 2, foot - height, box.width / calibration.length - 4, height, "bar-count");
    svg.text(
      left + box.width / calibration.length / 2,
      foot - 4 - height,
      shortCount(bin.predictions),
      "small",
      "middle",
    );
  }
  svg.rectangle(box.left, box.top, box.width, box.height, "frame");
  svg.text(box.left + box.width / 2, foot + 40, "probability that was forecast", "axis", "middle");
}

function shortCount(count: number): string {
  if (count >= 1_000_000) return `${(count / 1_000_000).toFixed(1)} M`;
  return count >= 10_000 ? `${Math.round(count / 1000)} k` : String(count);
}
