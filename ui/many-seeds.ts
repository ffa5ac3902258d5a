// Many seeds: both policies on each of them, in as many workers as there are processors, and the bounds where they are wanted.

import { computed, signal } from "@preact/signals";
import { intervalOf } from "../sim/suite/comparisons.ts";
import { BOUNDS } from "../sim/suite/plan.ts";
import { differsInSeedOnly, type RunOptions, requestOf } from "./options.ts";
import { message, options } from "./state.ts";
import { CANCELLED, WorkerLine } from "./worker/worker-line.ts";

/** Avoidable OOMs of one seed. */
export interface SeedOutcome {
  readonly seed: number;
  readonly a: number;
  readonly b: number;
  /** By policy of BOUNDS. */
  readonly bounds: Readonly<Record<string, number>>;
}

export const seedCount = signal(20);
export const withBounds = signal(false);
export const outcomes = signal<readonly SeedOutcome[]>([]);
/** What is still to come; 0: nothing runs. */
export const seedsLeft = signal(0);
/** What the outcomes are of, but for the seed; null without any. */
export const seedOptions = signal<RunOptions | null>(null);
/** Whether that is what the controls say now. */
export const isOfNow = computed(
  () => seedOptions.value !== null && differsInSeedOnly(seedOptions.value, options.value),
);

/** Mean difference B − A with its paired interval, and the means of the bounds; null without seeds. */
export const summary = computed(() => {
  const done = outcomes.value;
  if (done.length === 0) return null;
  const interval = intervalOf(
    Float64Array.from(done, ({ a }) => a),
    Float64Array.from(done, ({ b }) => b),
  );
  const bounds = BOUNDS.flatMap((policy) => {
    const known = done.filter((one) => policy in one.bounds);
    const sum = known.reduce((total, one) => total + one.bounds[policy]! - one.a, 0);
    return known.length === 0 ? [] : [{ policy, difference: sum / known.length }];
  });
  return { interval, bounds };
});

let lines: WorkerLine[] = [];
let generation = 0;

/** Begins anew with seeds 1 .. count. */
export async function runSeeds(): Promise<void> {
  stopSeeds();
  const mine = ++generation;
  const chosen = options.value;
  const wanted = Array.from({ length: seedCount.value }, (_, i) => i + 1);
  outcomes.value = [];
  seedOptions.value = chosen;
  seedsLeft.value = wanted.length;
  const workers = Math.max(1, Math.min(8, navigator.hardwareConcurrency ?? 2, wanted.length));
  lines = Array.from({ length: workers }, () => new WorkerLine());
  const policies = [...chosen.policies, ...(withBounds.value ? BOUNDS : [])];
  const work = async (line: WorkerLine): Promise<void> => {
    for (let seed = wanted.shift(); seed !== undefined && mine === generation; seed = wanted.shift()) {
      const counts: number[] = [];
      for (const policy of policies) {
        const request = requestOf({ ...chosen, seed }, policy, false);
        counts.push((await line.run(request)).result.ooms.avoidable);
      }
      if (mine !== generation) return;
      const bounds = Object.fromEntries(policies.slice(2).map((policy, i) => [policy, counts[i + 2]!]));
      const outcome = { seed, a: counts[0]!, b: counts[1]!, bounds };
      outcomes.value = [...outcomes.value, outcome].sort((x, y) => x.seed - y.seed);
      seedsLeft.value--;
    }
  };
  try {
    await Promise.all(lines.map(work));
  } catch (error) {
    if ((error as Error).message !== CANCELLED) message.value = { kind: "error", text: (error as Error).message };
  }
  if (mine !== generation) return;
  seedsLeft.value = 0;
  for (const line of lines) line.close();
}

/** Gives up what is not done; what is done stays. */
export function stopSeeds(): void {
  generation++;
  for (const line of lines) line.close();
  lines = [];
  seedsLeft.value = 0;
}
