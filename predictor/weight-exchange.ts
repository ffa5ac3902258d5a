// What machines tell each other of what they learned (K82): the 49 weights of the network as one message of 216 bytes, and how a
// machine takes in those of others. Federated averaging (McMahan et al. 2017): each set of weights counts by the labels that it
// learned from, one's own too, so that a machine that has just joined takes over what the others know, and an old one is
// moved little. That needs a common start, since two networks that began differently have their hidden units in another order.
//
// A message may be lost, late, damaged or made up. What is not a set of weights that a network could have is refused with the
// reason; a set that is merely wrong counts at most like MOST_LABELS labels, whatever it claims.

import { assert } from "../core/errors.ts";
import { crc32 } from "../core/hash.ts";
import { PARAMETER_COUNT } from "./network.ts";

const MAGIC = 0x4d505758;
const HEADER_BYTES = 16; // magic, sender, sequence, labels
/** Length of a message: header, weights as 32-bit floats, CRC-32. */
export const WEIGHT_MESSAGE_BYTES = HEADER_BYTES + PARAMETER_COUNT * 4 + 4;
/** What a set of weights counts at most, in labels: ten minutes of them. */
export const MOST_LABELS = 1200;
/** Greatest norm of weights that are let in. Shipped ones have some 5. */
export const MOST_WEIGHT_NORM = 50;

export interface WeightMessage {
  readonly sender: number;
  /** Counts up; of two messages of a sender the later one stands. */
  readonly sequence: number;
  /** Labels that the weights were learned from. */
  readonly labels: number;
  readonly weights: Float64Array;
}

/** Why a message was refused. */
export const REFUSALS = ["length", "format", "checksum", "not-finite", "norm"] as const;
export type Refusal = (typeof REFUSALS)[number];

/** The message as bytes. NaN and infinite weights are written as they are: it is for the receiver to see them. */
export function encodeWeights({ sender, sequence, labels, weights }: WeightMessage): Uint8Array {
  assert(weights.length === PARAMETER_COUNT, "49 weights are sent");
  const bytes = new Uint8Array(WEIGHT_MESSAGE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, sender, true);
  view.setUint32(8, sequence, true);
  view.setUint32(12, labels, true);
  for (let i = 0; i < PARAMETER_COUNT; i++) view.setFloat32(HEADER_BYTES + 4 * i, weights[i], true);
  view.setUint32(WEIGHT_MESSAGE_BYTES - 4, crc32(bytes.subarray(0, WEIGHT_MESSAGE_BYTES - 4)), true);
  return bytes;
}

/** The message in `bytes`, or why it is none. */
export function decodeWeights(bytes: Uint8Array): WeightMessage | Refusal {
  if (bytes.length !== WEIGHT_MESSAGE_BYTES) return "length";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return "format";
  if (view.getUint32(WEIGHT_MESSAGE_BYTES - 4, true) !== crc32(bytes.subarray(0, WEIGHT_MESSAGE_BYTES - 4)))
    return "checksum";
  const weights = new Float64Array(PARAMETER_COUNT);
  let square = 0;
  for (let i = 0; i < PARAMETER_COUNT; i++) {
    weights[i] = view.getFloat32(HEADER_BYTES + 4 * i, true);
    square += weights[i] * weights[i];
  }
  if (!(square < Infinity)) return "not-finite";
  if (square > MOST_WEIGHT_NORM * MOST_WEIGHT_NORM) return "norm";
  return {
    sender: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    labels: view.getUint32(12, true),
    weights,
  };
}

/** Moves `own`, learned from `labels` labels, to the mean of it and `others`, each by its labels. Without others nothing changes. */
export function averageInto(own: Float64Array, labels: number, others: readonly WeightMessage[]): void {
  const mine = Math.min(MOST_LABELS, labels);
  let total = mine;
  for (const other of others) total += Math.min(MOST_LABELS, other.labels);
  if (others.length === 0 || total === 0) return;
  for (let i = 0; i < own.length; i++) {
    let sum = mine * own[i];
    for (const other of others) sum += Math.min(MOST_LABELS, other.labels) * other.weights[i];
    own[i] = sum / total;
  }
}
