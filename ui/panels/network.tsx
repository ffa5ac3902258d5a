// F: the network as it was at the last tick: weights as lines (dashed: negative), inputs, and the guard over it.

import { useComputed } from "@preact/signals";
import { formatMoment, formatPercent } from "../../cli/render/format.ts";
import { B1_AT, HIDDEN_COUNT, INPUT_COUNT, PARAMETER_COUNT, W1_AT, W2_AT } from "../../predictor/network.ts";
import { compactWeights } from "../../predictor/shipped-compact.ts";
import { EVENT_WATCHDOG } from "../../sim/recording/columns.ts";
import { NETWORK_INPUTS, type Recording } from "../../sim/recording/recording.ts";
import { forecaster } from "../series.ts";
import { bothSides, calmMoments, sides } from "../state.ts";
import { DataTable } from "./data-table.tsx";

const INPUTS = ["net rate", "free", "compactions", "since last", "anchor"] as const;
/** Policies whose network has constant weights. */
const CONSTANT = ["predictive", "class-aware", "cache-predictive", "cache-ahead", "hinted"];
const [WIDTH, HEIGHT] = [250, 132];

interface Shown {
  readonly policy: string;
  readonly weights: ArrayLike<number>;
  /** Null: not written down. */
  readonly inputs: ArrayLike<number> | null;
}

export function NetworkPanel() {
  // A text, so that the panel is drawn again once a tick and not with each frame.
  const tick = useComputed(() => {
    const recording = shownRecording();
    return recording === null ? "" : `${recording.ticksUntil(calmMoments.network.value)} ${recording.ticks.count > 0}`;
  });
  tick.value;
  const recording = shownRecording();
  const shown = recording === null ? null : networkOf(recording);
  return (
    <section class="panel" aria-labelledby="network">
      <h2 id="network">F · the network, live</h2>
      {shown === null ? (
        <p>Neither policy has a network at this moment: choose neural or predictive.</p>
      ) : (
        <>
          <Drawing shown={shown} />
          <p class="quiet">{noteOf(shown)} · width: size of a weight · dashed: negative</p>
          <DataTable
            caption="weights and inputs"
            head={["from", ...unitNames(), "input now"]}
            rows={() => weightRows(shown)}
          />
        </>
      )}
      {recording !== null && <Guards recording={recording} />}
    </section>
  );
}

function shownRecording(): Recording | null {
  for (const side of bothSides) side.version.value;
  const learning = [sides.B, sides.A].find((side) => (side.recording?.networkCount ?? 0) > 0);
  return learning?.recording ?? forecaster(sides.A.recording, sides.B.recording);
}

function networkOf(recording: Recording): Shown | null {
  const { policy } = recording.header;
  const row = Math.min(recording.networkCount, recording.ticksUntil(calmMoments.network.peek())) - 1;
  if (row >= 0) {
    const at = row * (PARAMETER_COUNT + NETWORK_INPUTS);
    const kept = recording.networks.subarray(at, at + PARAMETER_COUNT + NETWORK_INPUTS);
    return { policy, weights: kept, inputs: kept.subarray(PARAMETER_COUNT) };
  }
  return CONSTANT.includes(policy.split(":")[0]!) ? { policy, weights: compactWeights(), inputs: null } : null;
}

/** What of it moves. */
function noteOf({ policy, inputs }: Shown): string {
  if (inputs === null) return `the weights of ${policy} are constants of the program; a journal has no inputs`;
  return CONSTANT.includes(policy.split(":")[0]!)
    ? `${policy}: weights are constants of the program, its output's bias learns`
    : `${policy}: all weights learn while it runs`;
}

function Drawing({ shown: { weights, inputs } }: { readonly shown: Shown }) {
  const inputAt = (i: number): [number, number] => [78, 18 + i * 32];
  const unitAt = (j: number): [number, number] => [160, 10 + j * 16];
  const output: [number, number] = [226, HEIGHT / 2];
  const largest = Math.max(0.01, ...Array.from({ length: PARAMETER_COUNT }, (_, i) => Math.abs(weights[i]!)));
  const edge = (key: string, from: [number, number], to: [number, number], weight: number) => (
    <line
      key={key}
      x1={from[0]}
      y1={from[1]}
      x2={to[0]}
      y2={to[1]}
      stroke={weight < 0 ? "var(--oom)" : "var(--b)"}
      stroke-width={0.2 + (3 * Math.abs(weight)) / largest}
      stroke-dasharray={weight < 0 ? "4 3" : undefined}
    />
  );
  const units = Array.from({ length: HIDDEN_COUNT }, (_, j) => j);
  const fours = Array.from({ length: INPUT_COUNT }, (_, i) => i);
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="The network: four inputs, eight units, one output; figures in the table"
    >
      {fours.flatMap((i) =>
        units.map((j) => edge(`${i} ${j}`, inputAt(i), unitAt(j), weights[W1_AT + i * HIDDEN_COUNT + j]!)),
      )}
      {units.map((j) => edge(`o${j}`, unitAt(j), output, weights[W2_AT + j]!))}
      {units.map((j) => (
        <circle key={j} cx={unitAt(j)[0]} cy={unitAt(j)[1]} r="4" fill="var(--panel)" stroke="var(--ink)" />
      ))}
      {fours.map((i) => (
        <g key={i}>
          <circle cx={inputAt(i)[0]} cy={inputAt(i)[1]} r="5" fill="var(--panel)" stroke="var(--ink)" />
          <text x={70} y={inputAt(i)[1] + 4} text-anchor="end">
            {INPUTS[i]}
          </text>
          {inputs !== null && (
            <text x={70} y={inputAt(i)[1] + 15} text-anchor="end">
              {inputs[i]!.toFixed(2)}
            </text>
          )}
        </g>
      ))}
      <circle cx={output[0]} cy={output[1]} r="6" fill="var(--ink)" />
    </svg>
  );
}

function Guards({ recording }: { readonly recording: Recording }) {
  const row = recording.ticksUntil(calmMoments.network.peek()) - 1;
  const { ticks } = recording;
  const value = (column: Float64Array) => (row < 0 || Number.isNaN(column[row]!) ? null : column[row]!);
  const [forecast, upper, confidence] = [value(ticks.forecast), value(ticks.upper), value(ticks.confidence)];
  const text = (ratio: number | null) => (ratio === null ? "none" : formatPercent(ratio, 1));
  return (
    <p>
      forecast {text(forecast)}, at most {text(upper === null ? null : Math.min(1, upper))}, confidence{" "}
      {text(confidence)} · watchdog: {lastTrip(recording)}
    </p>
  );
}

function lastTrip(recording: Recording): string {
  const { events, words } = recording;
  for (let row = recording.eventsUntil(calmMoments.network.peek()) - 1; row >= 0; row--)
    if (events.kind[row] === EVENT_WATCHDOG)
      return `tripped at ${formatMoment(events.micros[row]!)}: ${words[events.to[row]!]}`;
  return "never tripped";
}

function unitNames(): string[] {
  return Array.from({ length: HIDDEN_COUNT }, (_, j) => `unit ${j + 1}`);
}

function weightRows({ weights, inputs }: Shown): (string | number)[][] {
  const row = (name: string, at: number, input: string) => [
    name,
    ...Array.from({ length: HIDDEN_COUNT }, (_, j) => weights[at + j]!.toFixed(3)),
    input,
  ];
  const rows = INPUTS.slice(0, INPUT_COUNT).map((name, i) =>
    row(name, W1_AT + i * HIDDEN_COUNT, inputs === null ? "" : inputs[i]!.toFixed(3)),
  );
  return [
    ...rows,
    row("bias", B1_AT, ""),
    row("to the output", W2_AT, inputs === null ? "" : `anchor ${inputs[4]!.toFixed(3)}`),
  ];
}
