// What an expert is: it says which components it holds likely in a situation, in columns of the mixer, and learns from what came.

import type { SequenceHistory } from "../../cache/sequence-history.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import type { Columns } from "./columns.ts";

/** Sources by number: who expects a component. */
export const SOURCES = [
  "sequence",
  "everyone",
  "session",
  "links",
  "recent",
  "similar-users",
  "hour",
  "words",
] as const;
export type Source = (typeof SOURCES)[number];

/** Steps of the number of requests by which trust in an expert differs: 1, 2, 4, … 16,384 or more. */
export const EXPERIENCE_STEPS = 15;

export function experienceOf(count: number): number {
  return count < 1 ? 0 : Math.min(EXPERIENCE_STEPS - 1, 31 - Math.clz32(count));
}

/** Where a user stands, or would stand a few requests on. */
export interface Situation {
  /** User's number. */
  user: number;
  /** The user's session; `space` is the user's number. */
  readonly history: SequenceHistory;
  /** Requests of this user that were learned from. */
  requestCount: number;
  /** 0 to 47: hour of the day, 24 more on Saturdays and Sundays. */
  hour: number;
}

export interface Expert {
  readonly source: Source;
  /** Bytes of what was learned. */
  readonly stateBytes: number;
  /** Fills its columns. */
  propose(situation: Situation, mixer: CandidateMixer): void;
  /** `symbol` came in the situation that it last proposed for, whose history does not hold it yet. */
  observe(situation: Situation, symbol: number): void;
  /** Components and users whose numbers may be given to others. */
  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void;
  /** What it learned; with `tick`, all that it decides by. */
  columns(): Columns;
  /** Observations counted for its tables, modulo 2^32. */
  tick: number;
  /** Throws AssertionError when something does not agree, or a component or a user is not known. Cold. */
  check(isKnown: (symbol: number) => boolean, isUser: (user: number) => boolean): void;
}
