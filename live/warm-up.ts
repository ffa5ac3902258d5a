// Warming: a list of keys is loaded in the background, a few at a time, in turns with whatever else the process has to do. While
// memory is short it waits; when that lasts too long, the rest is left out. Nothing of it counts as demand.

import { setTimeout as sleep } from "node:timers/promises";

export interface WarmUpOptions {
  /** Loads at a time. Default 3. */
  readonly concurrency?: number | undefined;
  /** Ends it; what is being loaded is still waited for. */
  readonly signal?: AbortSignal | undefined;
  /** How long it waits in all for memory to become free, ms. Default 30,000. */
  readonly patienceMillis?: number | undefined;
  /** Between two looks at the memory while it is short, ms. Default 250. */
  readonly pauseMillis?: number | undefined;
}

export interface WarmUpReport {
  readonly loaded: number;
  /** Were there already. */
  readonly present: number;
  /** Could not be loaded, or were not kept. */
  readonly failed: number;
  /** Not tried: memory was short, or it was ended. */
  readonly skipped: number;
}

export interface WarmUpHost {
  /** Whether the key is there and fresh. */
  has(key: string): boolean;
  /** Loads a key; whether it is there now. Does not reject. */
  load(key: string): Promise<boolean>;
  /** Whether memory is too short for it. */
  isPressed(): boolean;
}

/** Loads the keys in order. Does not reject. */
export async function warmUp(
  host: WarmUpHost,
  keys: readonly string[],
  options: WarmUpOptions = {},
): Promise<WarmUpReport> {
  const { concurrency = 3, signal, pauseMillis = 250 } = options;
  let patience = options.patienceMillis ?? 30_000;
  const report = { loaded: 0, present: 0, failed: 0, skipped: 0 };
  let next = 0;
  const isEnded = () => signal?.aborted === true;
  const work = async (): Promise<void> => {
    while (next < keys.length && !isEnded()) {
      if (host.isPressed()) {
        if (patience <= 0) return;
        patience -= pauseMillis;
        await sleep(pauseMillis, undefined, { ref: false });
        continue;
      }
      const key = keys[next++]!;
      if (host.has(key)) report.present++;
      else if (await host.load(key)) report.loaded++;
      else report.failed++;
      // Loaders that answer at once must not keep the event loop to themselves.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, keys.length)) }, work));
  report.skipped = keys.length - next;
  return report;
}
