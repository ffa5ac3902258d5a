// The size of a predictor and its parts.

import { assert } from "../../core/errors.ts";
import type { Source } from "./expert.ts";

export interface NextComponentPredictorOptions {
  /** Components known at a time, 8 to 65,535; those not seen for longest are forgotten. Default 4,096. */
  readonly componentCount?: number | undefined;
  /** Users known at a time, 1 to 65,534; those not seen for longest are forgotten. Default 1,000. */
  readonly userCount?: number | undefined;
  /** Longest context of one user in requests, 2 to 6. Default 6. */
  readonly order?: number | undefined;
  /** Contexts of users remembered, a power of two. Default 32,768. */
  readonly nodeCount?: number | undefined;
  /** Longest context of everyone together. Default 4. */
  readonly sharedOrder?: number | undefined;
  /** Contexts of everyone remembered, a power of two. Default 8,192. */
  readonly sharedNodeCount?: number | undefined;
  /** Contexts of sessions remembered, a power of two. Default 8,192. */
  readonly sessionNodeCount?: number | undefined;
  /** Hours of users remembered, a power of two. Default 4,096. */
  readonly hourNodeCount?: number | undefined;
  /** Successors kept of each context, 1 to 64. Default 16. */
  readonly successorCount?: number | undefined;
  /** Requests that links look back, 1 to 6. Default 2. */
  readonly lagCount?: number | undefined;
  /** Weights of links, a power of two. Default 65,536. */
  readonly linkCount?: number | undefined;
  /** Paths that are followed to look a step further, 1 to 64. Default 4. */
  readonly beamCount?: number | undefined;
  /** Names longer than this, in UTF-16 units, are not modelled. Default 1,024. */
  readonly mostNameUnits?: number | undefined;
  /** Local time less UTC in minutes, for the hour of the day. Default 0. */
  readonly offsetMinutes?: number | undefined;
  /** Experts that are left out. Default none. */
  readonly without?: readonly Source[] | undefined;
  /** Confidence is calibrated by what came of earlier ones. Default true. */
  readonly isCalibrated?: boolean | undefined;
}

export type ModelShape = {
  readonly [Name in keyof NextComponentPredictorOptions]-?: NonNullable<NextComponentPredictorOptions[Name]>;
};

/** All of the options. Throws AssertionError for what no predictor can have. */
export function modelShape(options: NextComponentPredictorOptions): ModelShape {
  const shape: ModelShape = {
    componentCount: options.componentCount ?? 4096,
    userCount: options.userCount ?? 1000,
    order: options.order ?? 6,
    nodeCount: options.nodeCount ?? 32_768,
    sharedOrder: options.sharedOrder ?? 4,
    sharedNodeCount: options.sharedNodeCount ?? 8192,
    sessionNodeCount: options.sessionNodeCount ?? 8192,
    hourNodeCount: options.hourNodeCount ?? 4096,
    successorCount: options.successorCount ?? 16,
    lagCount: options.lagCount ?? 2,
    linkCount: options.linkCount ?? 65_536,
    beamCount: options.beamCount ?? 4,
    mostNameUnits: options.mostNameUnits ?? 1024,
    offsetMinutes: options.offsetMinutes ?? 0,
    without: options.without ?? [],
    isCalibrated: options.isCalibrated ?? true,
  };
  const { componentCount, userCount, order } = shape;
  assert(Number.isInteger(componentCount) && componentCount >= 8 && componentCount <= 65_535, "8 to 65,535 components");
  assert(Number.isInteger(userCount) && userCount >= 1 && userCount <= 65_534, "1 to 65,534 users");
  assert(order >= 2, "contexts of users are two requests long or longer");
  return shape;
}
