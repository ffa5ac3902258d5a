// F: the network as it was at the last tick: weights as lines (dashed: negative), inputs, and the guard over it.

import { useComputed } from "@preact/signals";
import { formatMoment, formatPercent } from "../../cli/render/format.ts";
import { B1_AT, HIDDEN_COUNT, INPUT_COUNT, W1_AT, W2_AT } from "../../predictor/network.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import {
  guardsAt,
  INPUT_NAMES,
  networkAt,
  networkEdges,
  type ShownNetwork,
} from "../../sim/recording/shown-network.ts";
import { forecaster } from "../series.ts";
import { bothSides, calmMoments, sides } from "../state.ts";
import { DataTable } from "./data-table.tsx";

const [WIDTH, HEIGHT] = [250, 132];

export function NetworkPanel() {
  // A text, so that the panel is drawn again once a tick and not with each frame.
  const tick = useComputed(() => {
    const recording = shownRecording();
    return recording === null ? "" : `${recording.ticksUntil(calmMoments.network.value)} ${recording.ticks.count > 0}`;
  });
  tick.value;
  const recording = shownRecording();
  const shown = recording === null ? null : networkAt(recording, calmMoments.network.peek());
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

/** What of it moves. */
function noteOf({ policy, inputs, isConstant }: ShownNetwork): string {
  if (inputs === null) return `${policy}: weights are constants of the program; what goes in was not written down`;
  return isConstant
    ? `${policy}: weights are constants of the program, the output's bias learns`
    : `${policy}: all weights learn while it runs`;
}

function Drawing({ shown: { weights, inputs } }: { readonly shown: ShownNetwork }) {
  const inputAt = (i: number): [number, number] => [78, 18 + i * 32];
  const unitAt = (j: number): [number, number] => [160, 10 + j * 16];
  const output: [number, number] = [226, HEIGHT / 2];
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
      {networkEdges(weights).map(({ input, unit, weight, share }) => {
        const from = input === null ? unitAt(unit) : inputAt(input);
        const to = input === null ? output : unitAt(unit);
        return (
          <line
            key={`${input} ${unit}`}
            x1={from[0]}
            y1={from[1]}
            x2={to[0]}
            y2={to[1]}
            stroke={weight < 0 ? "var(--oom)" : "var(--b)"}
            stroke-width={0.2 + 3 * share}
            stroke-dasharray={weight < 0 ? "4 3" : undefined}
          />
        );
      })}
      {units.map((j) => (
        <circle key={j} cx={unitAt(j)[0]} cy={unitAt(j)[1]} r="4" fill="var(--panel)" stroke="var(--ink)" />
      ))}
      {fours.map((i) => (
        <g key={i}>
          <circle cx={inputAt(i)[0]} cy={inputAt(i)[1]} r="5" fill="var(--panel)" stroke="var(--ink)" />
          <text x={70} y={inputAt(i)[1] + 4} text-anchor="end">
            {INPUT_NAMES[i]}
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
  const { forecast, upper, confidence, lastTrip } = guardsAt(recording, calmMoments.network.peek());
  const text = (ratio: number | null) => (ratio === null ? "none" : formatPercent(ratio, 1));
  return (
    <p>
      forecast {text(forecast)}, at most {text(upper)}, confidence {text(confidence)} · watchdog:{" "}
      {lastTrip === null ? "never tripped" : `tripped at ${formatMoment(lastTrip.micros)}: ${lastTrip.reason}`}
    </p>
  );
}

function unitNames(): string[] {
  return Array.from({ length: HIDDEN_COUNT }, (_, j) => `unit ${j + 1}`);
}

function weightRows({ weights, inputs }: ShownNetwork): (string | number)[][] {
  const row = (name: string, at: number, input: string) => [
    name,
    ...Array.from({ length: HIDDEN_COUNT }, (_, j) => weights[at + j]!.toFixed(3)),
    input,
  ];
  const rows = INPUT_NAMES.slice(0, INPUT_COUNT).map((name, i) =>
    row(name, W1_AT + i * HIDDEN_COUNT, inputs === null ? "" : inputs[i]!.toFixed(3)),
  );
  return [
    ...rows,
    row("bias", B1_AT, ""),
    row("to the output", W2_AT, inputs === null ? "" : `anchor ${inputs[4]!.toFixed(3)}`),
  ];
}
