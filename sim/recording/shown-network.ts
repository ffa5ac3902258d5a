// The network of a recorded run at a moment: its weights, with what it was fed where that was taken down, and what stood over it.

import { HIDDEN_COUNT, INPUT_COUNT, PARAMETER_COUNT, W1_AT, W2_AT } from "../../predictor/network.ts";
import { compactWeights } from "../../predictor/shipped-compact.ts";
import { policyBase } from "../suite/plan.ts";
import { EVENT_WATCHDOG } from "./columns.ts";
import { NETWORK_INPUTS, type Recording } from "./recording.ts";

/** The four features and the anchor, in words that fit a drawing. */
export const INPUT_NAMES = ["net rate", "free", "compactions", "since last", "anchor"] as const;
/** Policies whose network has constant weights, but for the bias of the output. */
export const CONSTANT_NETWORK_POLICIES = ["predictive", "class-aware", "cache-predictive", "cache-ahead", "hinted"];
/** Policies whose network learns while it runs. */
export const LEARNING_NETWORK_POLICIES = ["neural"];

export interface ShownNetwork {
  readonly policy: string;
  /** PARAMETER_COUNT, in the order of network.ts. */
  readonly weights: ArrayLike<number>;
  /** NETWORK_INPUTS; null: not written down, as in journals of before. */
  readonly inputs: ArrayLike<number> | null;
  /** All weights are constants of the program, but for the bias of the output, which learns. */
  readonly isConstant: boolean;
}

/** The network at the last tick up to a moment; null where there is none, or none was taken down. */
export function networkAt(recording: Recording, micros: number): ShownNetwork | null {
  const { policy } = recording.header;
  const isConstant = CONSTANT_NETWORK_POLICIES.includes(policyBase(policy));
  const row = Math.min(recording.networkCount, recording.ticksUntil(micros)) - 1;
  if (row >= 0) {
    const at = row * (PARAMETER_COUNT + NETWORK_INPUTS);
    const kept = recording.networks.subarray(at, at + PARAMETER_COUNT + NETWORK_INPUTS);
    return { policy, weights: kept, inputs: kept.subarray(PARAMETER_COUNT), isConstant };
  }
  return isConstant ? { policy, weights: compactWeights(), inputs: null, isConstant } : null;
}

/** A weight as a line of a drawing. */
export interface NetworkEdge {
  /** Of W1 from an input to a unit; of W2 (`input` null) from a unit to the output. */
  readonly input: number | null;
  readonly unit: number;
  readonly weight: number;
  /** |weight| over the largest of all parameters, 0 to 1. */
  readonly share: number;
}

/** The 40 weights between nodes; biases have no line. A weight that is no number (an attack made it so) has the share 0. */
export function networkEdges(weights: ArrayLike<number>): NetworkEdge[] {
  const largest = largestWeight(weights);
  const edges: NetworkEdge[] = [];
  const add = (input: number | null, unit: number, weight: number) => {
    const share = Number.isFinite(weight) ? Math.abs(weight) / Math.max(0.01, largest) : 0;
    edges.push({ input, unit, weight, share });
  };
  for (let i = 0; i < INPUT_COUNT; i++)
    for (let j = 0; j < HIDDEN_COUNT; j++) add(i, j, weights[W1_AT + i * HIDDEN_COUNT + j]!);
  for (let j = 0; j < HIDDEN_COUNT; j++) add(null, j, weights[W2_AT + j]!);
  return edges;
}

/** The largest magnitude of all parameters that are numbers. */
export function largestWeight(weights: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < PARAMETER_COUNT; i++) {
    const size = Math.abs(weights[i]!);
    if (size > largest && Number.isFinite(size)) largest = size;
  }
  return largest;
}

export interface GuardState {
  /** Of the last tick; null where nothing was forecast. */
  readonly forecast: number | null;
  /** At most 1. */
  readonly upper: number | null;
  readonly confidence: number | null;
  /** The last trip of the watchdog; null: never. */
  readonly lastTrip: { readonly micros: number; readonly reason: string } | null;
}

/** What was forecast at the last tick up to a moment, and what the watchdog had said by then. */
export function guardsAt(recording: Recording, micros: number): GuardState {
  const { ticks, events, words } = recording;
  const row = recording.ticksUntil(micros) - 1;
  const value = (column: Float64Array) => (row < 0 || Number.isNaN(column[row]!) ? null : column[row]!);
  const upper = value(ticks.upper);
  let lastTrip: GuardState["lastTrip"] = null;
  for (let at = recording.eventsUntil(micros) - 1; at >= 0 && lastTrip === null; at--)
    if (events.kind[at] === EVENT_WATCHDOG) lastTrip = { micros: events.micros[at]!, reason: words[events.to[at]!]! };
  return {
    forecast: value(ticks.forecast),
    upper: upper === null ? null : Math.min(1, upper),
    confidence: value(ticks.confidence),
    lastTrip,
  };
}
