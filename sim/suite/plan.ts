// A suite: scenarios × levels × seeds × policies, and how it falls apart into cells. A cell is one (scenario, level, seed):
// its demand is made once and every policy of the suite runs on it, which is what makes the comparison a paired one.

import type { RequestMix } from "../../core/demand.ts";
import { assert } from "../../core/errors.ts";
import type { AttackKind } from "../attacks.ts";
import type { SuiteDescription } from "../result.ts";
import type { ShedOrderName } from "../shed-order.ts";

/** Everything else that a run depends on: it goes into the result file, so that a file alone can be run again. */
export interface SuiteSettings {
  readonly command: "stress" | "replay";
  /** Bytes of the arena; null where each trace sets it from its own peak and the level. */
  readonly capacityBytes: number | null;
  readonly fit: "segregated" | "best";
  readonly autonomy: boolean;
  readonly watchdog: boolean;
  readonly shadow: boolean;
  /** "shipped", "cold", or the digest of a weights file. */
  readonly weights: string;
  /** Bytes that only atomic requests may use, for policies with a reserve; left out: each policy's own. */
  readonly reserveBytes?: number;
  /** Which block of a cache goes first; left out: the oldest. */
  readonly shedOrder?: ShedOrderName;
  /** Closed loop: how often a denied request comes again. 0 = open loop. */
  readonly retries: number;
  /** Kinds of attack on each run (sim/attacks.ts), scheduled from its seed; left out: none. */
  readonly attacks?: readonly AttackKind[];
  /** Replay: how recorded times were treated. */
  readonly timing?: string;
  /** Where a name of `scenarios` is a file: the path as it was given. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What the result file says of the suite: the agreed description and the settings. */
export interface Suite extends SuiteDescription {
  readonly settings: SuiteSettings;
}

/** What results are measured against: no policy can be better than the second; the first is `neural` with a forecast that is right. */
export const BOUNDS = ["perfect-forecast", "clairvoyant"] as const;

/** One demand and its place in the canonical order. */
export interface SuiteCell {
  readonly index: number;
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly seed: number;
}

/** The cells in canonical order: scenario, then level, then seed, each in the order of the suite. */
export function expandSuite(suite: SuiteDescription): SuiteCell[] {
  const cells: SuiteCell[] = [];
  for (const scenario of suite.scenarios)
    for (const pressureRatio of suite.pressures)
      for (const seed of suite.seeds) cells.push({ index: cells.length, scenario, pressureRatio, seed });
  return cells;
}

/**
 * The order in which cells are best run: seed by seed, so that what an interrupted suite has done is a smaller suite of
 * the same shape, and the estimate shown meanwhile is one of the whole.
 */
export function executionOrder(suite: SuiteDescription, cells: readonly SuiteCell[]): SuiteCell[] {
  const seedRank = new Map(suite.seeds.map((seed, rank) => [seed, rank]));
  return [...cells].sort((a, b) => seedRank.get(a.seed)! - seedRank.get(b.seed)! || a.index - b.index);
}

/** The policy without its compactor: "reactive" of "reactive:window". */
export function policyBase(policy: string): string {
  const colon = policy.indexOf(":");
  return colon < 0 ? policy : policy.slice(0, colon);
}

/** Policies that others are measured against: every variant of `reactive`; failing that, the first of the list. */
export function baselinePolicies(policies: readonly string[]): string[] {
  const variants = policies.filter((policy) => policyBase(policy) === "reactive");
  return variants.length > 0 ? variants : policies.slice(0, 1);
}

/** A mix as the flag takes it: "15,15,70" or, with pins other than 3 %, "15,15,70,5". */
export function mixText(mix: RequestMix): string {
  const percent = (share: number) => String(Math.round(share * 1e6) / 1e4);
  const classes = [mix.atomic, mix.deadline, mix.wait].map(percent).join(",");
  return mix.pinned === 0.03 ? classes : `${classes},${percent(mix.pinned)}`;
}

/** A level as the flag takes it: 0.95 → "95". */
export function percentText(ratio: number): string {
  return String(Math.round(ratio * 1e6) / 1e4);
}

/** Virtual seconds as the flag takes them: 600 → "10m". */
export function durationText(seconds: number): string {
  assert(seconds > 0, "a duration is over 0");
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  if (seconds % 60 === 0) return `${seconds / 60}m`;
  return seconds % 1 === 0 ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}
