// The shape of a predictor in a document: each number in its range, and no more memory in all than a program in its right mind
// would ask for.

import { brief, integer, listOf, Malformed, recordOf } from "../../cache/model-document.ts";
import { MOST_ORDER } from "../../cache/sequence-table.ts";
import { SOURCES } from "./expert.ts";
import { type ModelShape, modelShape } from "./model-options.ts";

const MOST_STATE_BYTES = 1 << 28;
const MOST_NODES = 1 << 22;
const MOST_NAME_UNITS = 1_048_576;
const DAY_MINUTES = 1440;
/** Bytes for each component and user outside of the tables, rounded up. */
const COMPONENT_BYTES = 320;
const USER_BYTES = 1024;

type NumberName = Exclude<keyof ModelShape, "without" | "isCalibrated">;

const BOUNDS: { readonly [Name in NumberName]: readonly [number, number] } = {
  componentCount: [8, 65_535],
  userCount: [1, 65_534],
  order: [2, MOST_ORDER],
  nodeCount: [8, MOST_NODES],
  sharedOrder: [0, MOST_ORDER],
  sharedNodeCount: [8, MOST_NODES],
  sessionNodeCount: [8, MOST_NODES],
  hourNodeCount: [8, MOST_NODES],
  successorCount: [1, 64],
  lagCount: [1, MOST_ORDER],
  linkCount: [2, 1 << 24],
  beamCount: [1, 64],
  mostNameUnits: [1, MOST_NAME_UNITS],
  offsetMinutes: [-DAY_MINUTES, DAY_MINUTES],
};
const POWERS_OF_TWO: readonly NumberName[] = [
  "nodeCount",
  "sharedNodeCount",
  "sessionNodeCount",
  "hourNodeCount",
  "linkCount",
];

/** The shape in a document. Throws Malformed. */
export function shapeOfDocument(value: unknown): ModelShape {
  const given = recordOf(value, "the shape");
  const numbers = Object.fromEntries(
    Object.entries(BOUNDS).map(([name, [least, most]]) => [name, integer(given[name], least, most, name)]),
  ) as Record<NumberName, number>;
  for (const name of POWERS_OF_TWO) {
    if ((numbers[name] & (numbers[name] - 1)) !== 0) throw new Malformed(`${name} is no power of two`);
  }
  const { isCalibrated } = given;
  if (typeof isCalibrated !== "boolean") throw new Malformed(`isCalibrated is ${brief(isCalibrated)}`);
  const without = listOf(given["without"], 0, SOURCES.length, "without").map((one) => {
    const source = SOURCES.find((name) => name === one);
    if (source === undefined) throw new Malformed(`${brief(one)} is no expert`);
    return source;
  });
  const { nodeCount, sharedNodeCount, sessionNodeCount, hourNodeCount, order, sharedOrder, successorCount } = numbers;
  const nodes = nodeCount + sharedNodeCount + sessionNodeCount + hourNodeCount;
  const nodeBytes = 10 + 2 * Math.max(order, sharedOrder) + 6 * successorCount;
  const userBytes = USER_BYTES + 64 * (4 * order + 6);
  const rest = numbers.componentCount * COMPONENT_BYTES + numbers.userCount * userBytes + 8 * numbers.linkCount;
  if (nodes * nodeBytes + rest > MOST_STATE_BYTES) throw new Malformed("the model would be larger than 256 MiB");
  return modelShape({ ...numbers, without, isCalibrated });
}
