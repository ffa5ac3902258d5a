// Reads of the cache that nobody has to wait for: what is not there in time counts as not there, and so does what fails.

import type { CacheWrite, PreloadCache } from "../cache/preload-cache.ts";

export class CacheReader {
  readonly #cache: PreloadCache;
  readonly #waitMillis: number;
  /** Reads that were late or failed, writes and drops that failed. */
  readonly counts = { late: 0, failed: 0, unwritten: 0 };

  constructor(cache: PreloadCache, waitMillis: number) {
    this.#cache = cache;
    this.#waitMillis = waitMillis;
  }

  /** One undefined for each key when the cache does not answer. Never throws. */
  async read(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    const none = keys.map(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<typeof none>((resolve) => {
      timer = setTimeout(() => {
        this.counts.late++;
        resolve(none);
      }, this.#waitMillis);
    });
    const answer = attempt(() => this.#cache.read(keys)).catch(() => {
      this.counts.failed++;
      return none;
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** False when it failed. Never throws. */
  write(writes: readonly CacheWrite[]): Promise<boolean> {
    return this.#tell(() => this.#cache.write(writes));
  }

  /** Waits for the drop, but not for long. Never throws. */
  async drop(keys: readonly string[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#waitMillis);
    });
    await Promise.race([this.#tell(() => this.#cache.drop(keys)), late]);
    clearTimeout(timer);
  }

  async #tell(step: () => Promise<void>): Promise<boolean> {
    try {
      await attempt(step);
      return true;
    } catch {
      this.counts.unwritten++;
      return false;
    }
  }
}

/** What a step throws at once comes as its promise's failure. */
async function attempt<T>(step: () => Promise<T>): Promise<T> {
  return step();
}
