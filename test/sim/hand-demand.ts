// Small demands written by hand, and the simulator's answers to them, for the tests.

import {
  CLASS_ATOMIC,
  CLASS_DEADLINE,
  CLASS_WAIT,
  DEFAULT_MIX,
  type Demand,
  DemandBuilder,
} from "../../core/demand.ts";
import { simulate } from "../../sim/simulate.ts";
import type { SimulateOptions, SimulateOutcome } from "../../sim/simulate-types.ts";

export const CLASS = { atomic: CLASS_ATOMIC, deadline: CLASS_DEADLINE, wait: CLASS_WAIT } as const;

export interface HandOptions {
  readonly capacityBytes?: number;
  readonly durationMicros?: number;
  readonly pressureRatio?: number;
  readonly shedBytesPerSecond?: number;
}

/** A demand of the rows that `write` pushes. */
export function handDemand(write: (builder: DemandBuilder) => void, options: HandOptions = {}): Demand {
  const builder = new DemandBuilder();
  write(builder);
  return builder.finish({
    name: "hand",
    tenants: ["main"],
    durationMicros: options.durationMicros ?? 5_000_000,
    capacityBytes: options.capacityBytes ?? 1024,
    pressureRatio: options.pressureRatio ?? 0.95,
    mix: DEFAULT_MIX,
    timing: "scenario",
    shedBytesPerSecond: options.shedBytesPerSecond ?? 1024,
  });
}

export interface JournalLine {
  readonly t: number;
  readonly e: string;
  readonly [key: string]: unknown;
}

/** Runs with a journal and full heap checks; the header is line 0. */
export function simulateWithJournal(options: Omit<SimulateOptions, "journal">): SimulateOutcome & {
  readonly header: Record<string, unknown>;
  readonly lines: readonly JournalLine[];
  readonly text: string;
} {
  const texts: string[] = [];
  const outcome = simulate({ ...options, journal: (line) => texts.push(line) });
  const [header, ...lines] = texts.map((text) => JSON.parse(text));
  return { ...outcome, header, lines, text: texts.join("\n") };
}

/**
 * A heap of 1,024 bytes that is full of 64-byte blocks (ids 0..15), every second of which is then freed: 512 bytes are free
 * and the largest hole is 64. Whatever comes next is at 1 s or later.
 */
export function fillWithHoles(builder: DemandBuilder, pinned: (id: number) => boolean = () => false): void {
  for (let id = 0; id < 16; id++) builder.allocate(0, id, 56, CLASS_WAIT, pinned(id) ? 1 : 0);
  for (let id = 0; id < 16; id += 2) builder.free(500_000, id);
}
