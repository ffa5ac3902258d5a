// D: how far off the forecast is, beside saying "it stays as it is"; and whether what it calls likely happens as often. Accuracy
// stands beside skill and base rate only.

import { formatPercent } from "../../cli/render/format.ts";
import type { CalibrationBin } from "../../predictor/forecast-report.ts";
import type { RecordedForecast } from "../../sim/recording/recorded-forecast.ts";
import { Chart } from "../draw/chart.tsx";
import type { Plot } from "../draw/plot.ts";
import { seek } from "../player.ts";
import { errorsOf, forecaster } from "../series.ts";
import { bothSides, headMicros, moment, type Side, sides } from "../state.ts";
import { colour } from "../theme.ts";
import { DataTable } from "./data-table.tsx";

/** Whose forecast: as in the timeline. */
function forecastSide(): Side | null {
  for (const side of bothSides) side.version.value;
  const recording = forecaster(sides.A.recording, sides.B.recording);
  return recording === null ? null : sides.B.recording === recording ? sides.B : sides.A;
}

export function AccuracyPanel() {
  const side = forecastSide();
  const scores = side?.scores.value ?? null;
  return (
    <section class="panel" aria-labelledby="accuracy">
      <h2 id="accuracy">D · forecast error and calibration</h2>
      {side === null ? (
        <p>Neither policy forecasts: choose predictive, neural or holt to see errors here.</p>
      ) : (
        <>
          <Chart
            label="Mean error of the last 20 forecasts in percentage points, and of the last value standing still; figures in the table"
            height={76}
            plot={errorPlot}
            onPick={(seconds) => seek(Math.round(seconds * 1e6))}
          />
          <p class="quiet">mean error of 20, pp: ▬ {side.policy} · ┄ staying as it is</p>
          {scores === null ? (
            <p>The scores come at the end, when forecasts have come due.</p>
          ) : (
            <Scores report={scores} />
          )}
          <DataTable caption="forecast error" head={["moment", "forecast pp", "stays pp"]} rows={errorRows} />
        </>
      )}
    </section>
  );
}

function Scores({ report }: { readonly report: RecordedForecast }) {
  const { maePercentPoints, skill, bestBaseline, accuracy, baseRate, alarms, calibration } = report;
  const ratio = (value: number | null) => (value === null ? "n/a" : formatPercent(value, 0));
  return (
    <>
      <p>
        MAE <b>{maePercentPoints?.toFixed(2) ?? "n/a"} pp</b> · skill <b>{skill?.toFixed(2) ?? "n/a"}</b> against{" "}
        {bestBaseline ?? "none"} · accuracy {ratio(accuracy)} at a base rate of {ratio(baseRate)}
        {report.insufficient ? " · insufficient data" : ""}
      </p>
      <p>
        alarms: precision {ratio(alarms.precision)}, recall {ratio(alarms.recall)}, standing{" "}
        {ratio(alarms.standingShare)} of the time
      </p>
      <Calibration bins={calibration} />
    </>
  );
}

const SIZE = 84;

/** Dots on the diagonal: what is called 70 % likely happens 7 times of 10. Larger dots: more forecasts. */
function Calibration({ bins }: { readonly bins: readonly CalibrationBin[] }) {
  const filled = bins.filter((bin) => bin.predictions > 0);
  const most = Math.max(...filled.map((bin) => bin.predictions));
  const at = (ratio: number | null) => 6 + (SIZE - 12) * (ratio ?? 0);
  return (
    <>
      <svg
        width={SIZE + 120}
        height={SIZE}
        role="img"
        aria-label="Calibration: how likely critical pressure was called against how often it came; figures in the table"
      >
        <rect x="1" y="1" width={SIZE - 2} height={SIZE - 2} fill="none" stroke="var(--line)" />
        <line x1="6" y1={SIZE - 6} x2={SIZE - 6} y2="6" stroke="var(--quiet)" stroke-dasharray="4 3" />
        {filled.map((bin) => (
          <circle
            key={bin.fromProbability}
            cx={at(bin.meanProbability)}
            cy={SIZE - at(bin.eventShare)}
            r={2 + 4 * Math.sqrt(bin.predictions / most)}
            fill="var(--b)"
          />
        ))}
        <text x={SIZE + 6} y="14">
          ↑ happened
        </text>
        <text x={SIZE + 6} y={SIZE - 4}>
          → called likely
        </text>
      </svg>
      <DataTable
        caption="calibration"
        head={["called", "n", "happened"]}
        rows={() =>
          filled.map((bin) => [
            formatPercent(bin.meanProbability ?? 0, 0),
            bin.predictions,
            formatPercent(bin.eventShare ?? 0, 0),
          ])
        }
      />
    </>
  );
}

function errorPlot(): Plot {
  const side = forecastSide();
  side?.version.value;
  const { seconds, forecast, persistence } = errorsOf(side?.recording ?? null);
  const sorted = [...forecast, ...persistence].filter((value) => !Number.isNaN(value)).sort((x, y) => x - y);
  const most = sorted[Math.floor(0.95 * sorted.length)] ?? 1;
  return {
    seconds,
    lines: [
      { values: persistence, stroke: { colour: colour("quiet"), width: 1, dash: [2, 3] } },
      { values: forecast, stroke: { colour: colour(side?.key === "A" ? "a" : "b"), width: 2 } },
    ],
    band: null,
    x: [0, Math.max(1, headMicros.value / 1e6 + 5)],
    y: [0, Math.max(1, 1.2 * most)],
    unit: "",
    ink: colour("quiet"),
    grid: colour("line"),
  };
}

/** The last 40 half-seconds up to the moment. */
function errorRows(): (string | number)[][] {
  const side = forecastSide();
  const { seconds, forecast, persistence } = errorsOf(side?.recording ?? null);
  const end = seconds.filter((value) => value * 1e6 <= moment.value).length;
  const text = (value: number) => (Number.isNaN(value) ? "" : value.toFixed(2));
  const rows: string[][] = [];
  for (let row = Math.max(0, end - 40); row < end; row++)
    rows.push([`${seconds[row]} s`, text(forecast[row]!), text(persistence[row]!)]);
  return rows;
}
