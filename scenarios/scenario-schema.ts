// The schema of scenario files. Each leaf's message is what was expected there: `parseScenario` puts file, line and path
// before it, and the JSON Schema takes it as the description. Loads zod: import lazily.

import { z } from "zod";
import { GREATEST_PRESSURE_RATIO, LEAST_PRESSURE_RATIO } from "./scenario.ts";

/** Longest run that a file may suggest: a day. */
const MOST_SECONDS = 86_400;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const PERCENT = /^(\d+(?:\.\d+)?)%$/;

const number = (low: number, high: number, what?: string) => {
  const expected = what ?? `a number from ${low} to ${high}`;
  return z.number(expected).min(low, expected).max(high, expected).describe(expected);
};
const integer = (low: number, high: number) => {
  const expected = `a whole number from ${low} to ${high}`;
  return z.int(expected).min(low, expected).max(high, expected).describe(expected);
};
const text = (most: number) => {
  const expected = `a text of 1 to ${most} characters`;
  return z.string(expected).min(1, expected).max(most, expected).describe(expected);
};
const flag = () => z.boolean("true or false");
const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `one of ${values.join(", ")}`);
const list = <T extends z.ZodType>(item: T, most: number) => {
  const expected = `a list of 1 to ${most} entries`;
  return z.array(item, expected).min(1, expected).max(most, expected);
};
/** A mapping without other keys. For an unknown key the message lists the known ones. */
const object = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? Object.keys(shape).join(", ") : "a mapping"),
  });

const ratio = () => number(0, 1);
const bytes = () => integer(1, 1_048_576);
const seconds = (low = 0.1) => number(low, MOST_SECONDS, `seconds from ${low} to ${MOST_SECONDS}`);
const jitter = () => number(0, 0.9);
const share = () => number(0.0001, 1_000_000, "a share over 0");
const rateFactor = () => number(0.05, 50);

const simpleLaws = [
  object({ law: z.literal("uniform"), lowBytes: bytes(), highBytes: bytes() }),
  object({ law: z.literal("pareto"), lowBytes: bytes(), highBytes: bytes(), alpha: number(0.1, 10) }),
  object({
    law: z.literal("lognormal"),
    medianBytes: bytes(),
    spread: number(0.05, 3),
    lowBytes: bytes(),
    highBytes: bytes(),
  }),
  object({ law: z.literal("choice"), choices: list(object({ bytes: bytes(), share: share() }), 256) }),
] as const;
const simpleSizes = z
  .discriminatedUnion("law", simpleLaws, "one of uniform, pareto, lognormal, choice")
  .meta({ id: "simpleSizes" });
const sizes = z
  .discriminatedUnion(
    "law",
    [
      ...simpleLaws,
      object({ law: z.literal("blend"), parts: list(object({ share: share(), sizes: simpleSizes }), 16) }),
    ],
    "one of uniform, pareto, lognormal, choice, blend",
  )
  .meta({ id: "sizes" });
const lifetimes = z
  .discriminatedUnion(
    "law",
    [
      object({ law: z.literal("exponential") }),
      object({ law: z.literal("uniform") }),
      object({ law: z.literal("fixed"), jitter: number(0, 1) }),
      object({ law: z.literal("two-speed"), shortShare: number(0.01, 0.99), ratio: number(1, 1000) }),
      object({ law: z.literal("pareto"), alpha: number(0.2, 10) }),
    ],
    "one of exponential, uniform, fixed, two-speed, pareto",
  )
  .meta({ id: "lifetimes" });
const wave = {
  shape: oneOf(["constant", "wave", "triangle", "ramp", "sawtooth", "square", "steps"]),
  periodSeconds: seconds(0.2).exactOptional(),
  jitter: jitter().exactOptional(),
  leastCycles: integer(1, 10_000).exactOptional(),
  highShare: number(0.05, 0.95).exactOptional(),
  lead: ratio().exactOptional(),
  steps: list(number(-1, 1), 64).exactOptional(),
};
const level = object({
  ...wave,
  swingRatio: number(0, 0.5),
  wanderRatio: number(0, 0.2).exactOptional(),
  wanderSeconds: seconds(0.2).exactOptional(),
  leaks: flag().exactOptional(),
});
const arrivals = object({
  law: oneOf(["poisson", "regular"]),
  rate: object({ ...wave, swing: number(0, 0.95) }).exactOptional(),
});
const regime = object({
  seconds: seconds(0.5),
  jitter: jitter().exactOptional(),
  sizes: sizes.exactOptional(),
  lifetimes: lifetimes.exactOptional(),
  rateFactor: rateFactor().exactOptional(),
  freesEverySecond: flag().exactOptional(),
});
const events = object({
  gapSeconds: seconds(0.5),
  schedule: oneOf(["jittered", "poisson"]),
  jitter: jitter().exactOptional(),
  leastGapSeconds: seconds(0).exactOptional(),
  lowSeconds: seconds(),
  highSeconds: seconds(),
  rateFactor: rateFactor().exactOptional(),
  herd: object({
    lowRequests: integer(1, 1000),
    highRequests: integer(1, 1000),
    withinMillis: number(0, 1000),
  }).exactOptional(),
  isAtomic: flag().exactOptional(),
  sizes: sizes.exactOptional(),
  lifeSeconds: seconds(0.001),
  liftRatio: number(0, 0.5),
  warning: object({ seconds: seconds(), rateFactor: rateFactor() }).exactOptional(),
});
const tenant = object({
  name: text(40),
  share: share(),
  sizes: sizes.exactOptional(),
  lifetimes: lifetimes.exactOptional(),
  isReclaimable: flag().exactOptional(),
  occupies: object({ lowRatio: number(0.02, 0.9), highRatio: number(0.02, 0.9) }).exactOptional(),
  lookups: object({
    perInsertion: number(0.1, 1000),
    keysPerBlock: number(1, 1000),
    skew: number(0, 3),
    driftSeconds: seconds(0.001),
  }).exactOptional(),
  active: object({ everySeconds: seconds(), forSeconds: seconds() }).exactOptional(),
});

const PRESSURE_TEXT = `a ratio from ${LEAST_PRESSURE_RATIO} to ${GREATEST_PRESSURE_RATIO} or a percentage such as 95%`;
const pressure = z
  .union(
    [
      number(LEAST_PRESSURE_RATIO, GREATEST_PRESSURE_RATIO, PRESSURE_TEXT),
      number(LEAST_PRESSURE_RATIO * 100, GREATEST_PRESSURE_RATIO * 100, PRESSURE_TEXT),
      z.string(PRESSURE_TEXT).regex(PERCENT, PRESSURE_TEXT).refine(isPressure, PRESSURE_TEXT),
    ],
    PRESSURE_TEXT,
  )
  .describe(PRESSURE_TEXT);
const DURATION_TEXT = `seconds from 1 to ${MOST_SECONDS}, or a time such as 90s, 10m, 1h`;
const duration = z
  .union(
    [
      number(1, MOST_SECONDS, DURATION_TEXT),
      z.string(DURATION_TEXT).regex(DURATION, DURATION_TEXT).refine(isDuration, DURATION_TEXT),
    ],
    DURATION_TEXT,
  )
  .describe(DURATION_TEXT);
const NAME_TEXT = "a name of 1 to 60 lower-case letters, digits and hyphens";
const name = z
  .string(NAME_TEXT)
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/, NAME_TEXT)
  .describe(NAME_TEXT);
const mix = object({ atomic: ratio(), deadline: ratio(), wait: ratio(), pinned: ratio() });

/**
 * A scenario file. Everything but the name may be left out: the base has it. `mix`, `level`, `arrivals` and `events` are
 * laid over the base's key by key, `null` takes regimes, events or tenants of the base away.
 */
export const fileSchema = object({
  $schema: z.string("the address of the JSON Schema").exactOptional(),
  name,
  base: z.string("the id of a built-in scenario").describe("the id of a built-in scenario").exactOptional(),
  title: text(80).exactOptional(),
  description: text(2000).exactOptional(),
  pressure: pressure.exactOptional(),
  duration: duration.exactOptional(),
  rate: number(0.1, 100_000, "requests a second, from 0.1 to 100000").exactOptional(),
  mix: mix.partial().exactOptional(),
  sizes: sizes.exactOptional(),
  largestBytes: integer(16, 1_048_576).exactOptional(),
  lifetimes: lifetimes.exactOptional(),
  level: level.partial().exactOptional(),
  arrivals: arrivals.partial().exactOptional(),
  regimes: list(regime, 64).nullable().exactOptional(),
  regimeOrder: oneOf(["cycle", "random"]).exactOptional(),
  events: events.partial().nullable().exactOptional(),
  tenants: list(tenant, 8).nullable().exactOptional(),
  peakRatio: number(0.5, 1.5).exactOptional(),
  shedBytesPerSecond: integer(0, 1_073_741_824).exactOptional(),
}).meta({ title: "mempred scenario" });

export type ScenarioFile = z.infer<typeof fileSchema>;

/** What must be complete once a file is laid over its base. */
export const mergedSchema = z.object({ mix, level, arrivals, events: events.exactOptional() });

/** The level as a ratio. The value must fit `fileSchema`. */
export function pressureRatioOf(value: number | string): number {
  const ratio = typeof value === "string" ? Number(PERCENT.exec(value)?.[1]) / 100 : value;
  // Ratios end below 1 and percentages begin at 5: there is no value that could be either.
  return ratio > 1 ? ratio / 100 : ratio;
}

/** A time in seconds. The value must fit `fileSchema`. */
export function secondsOf(value: number | string): number {
  if (typeof value === "number") return value;
  const [, amount, unit] = DURATION.exec(value) ?? [];
  return Number(amount) * (unit === "h" ? 3600 : unit === "m" ? 60 : unit === "s" ? 1 : 0.001);
}

function isPressure(value: string): boolean {
  const ratio = Number(PERCENT.exec(value)?.[1]) / 100;
  return ratio >= LEAST_PRESSURE_RATIO && ratio <= GREATEST_PRESSURE_RATIO;
}

function isDuration(value: string): boolean {
  const amount = secondsOf(value);
  return amount >= 1 && amount <= MOST_SECONDS;
}
