// Values renew themselves before their time: at each tick, whatever has used up 0.8 of its time to live and has a registered loader
// is loaded anew, the hottest first, a few at a time. The old value is served until the new one is there, and stays where loading
// fails; a key that fails is tried again later and later. Differs from the early refreshes of a request (cache/store.ts,
// isDueEarly) in that nobody has to ask.

export const DEFAULT_REFRESH_RATIO = 0.8;
export const DEFAULT_TICK_MILLIS = 60_000;
const LEAST_TICK_MILLIS = 1_000;
const MOST_FAILURES = 10_000;
const LONGEST_BACKOFF_MILLIS = 600_000;

export interface DueEntry {
  readonly context: string;
  readonly key: string;
}

export interface RefreshHost {
  nowMillis(): number;
  /**
   * The entries that have used up this share of their time to live, the hottest first, and the ms until the next one has;
   * Infinity: none will.
   */
  due(ratio: number): { entries: DueEntry[]; nextMillis: number };
  /** Loads a key anew by its registered loader; whether that went well. Does not reject. */
  refresh(key: string, context: string): Promise<boolean>;
  canLoad(key: string, context: string): boolean;
}

export interface RefresherOptions {
  /** Longest time between two ticks, ms; sooner where something is due sooner, not under a second. Default 60,000. */
  readonly tickMillis?: number | undefined;
  /** Share of the time to live after which a value is renewed. Default 0.8. */
  readonly ratio?: number | undefined;
  /** Loads at a time. Default 4. */
  readonly concurrency?: number | undefined;
  /** Values renewed in one tick at most. Default 1,000. */
  readonly most?: number | undefined;
}

export interface RefreshReport {
  readonly refreshed: number;
  readonly failed: number;
  /** Failed lately and not tried again yet. */
  readonly postponed: number;
}

export class Refresher {
  readonly #host: RefreshHost;
  readonly #tickMillis: number;
  readonly #ratio: number;
  readonly #concurrency: number;
  readonly #most: number;
  /** Keys that failed: how often in a row, and when they may be tried again. */
  readonly #failures = new Map<string, { count: number; notBefore: number }>();
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #pass: Promise<RefreshReport> | undefined;
  refreshed = 0;
  failed = 0;

  constructor(host: RefreshHost, options: RefresherOptions = {}) {
    this.#host = host;
    this.#tickMillis = options.tickMillis ?? DEFAULT_TICK_MILLIS;
    this.#ratio = options.ratio ?? DEFAULT_REFRESH_RATIO;
    this.#concurrency = options.concurrency ?? 4;
    this.#most = options.most ?? 1_000;
  }

  /** Ticks from now on; the timer does not keep the process alive. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#schedule();
  }

  /** No more ticks. Resolves when a pass that is under way has ended. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Looks for what is due and renews it; a pass that is under way is joined. */
  run(): Promise<RefreshReport> {
    this.#pass ??= this.#run().finally(() => (this.#pass = undefined));
    return this.#pass;
  }

  async #run(): Promise<RefreshReport> {
    const report = { refreshed: 0, failed: 0, postponed: 0 };
    const pending: DueEntry[] = [];
    for (const entry of this.#host.due(this.#ratio).entries) {
      if (pending.length >= this.#most) break;
      if (!this.#host.canLoad(entry.key, entry.context)) continue;
      const failure = this.#failures.get(idOf(entry));
      if (failure !== undefined && this.#host.nowMillis() < failure.notBefore) report.postponed++;
      else pending.push(entry);
    }
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < pending.length) {
        const entry = pending[next++]!;
        if (await this.#host.refresh(entry.key, entry.context)) {
          report.refreshed++;
          this.#failures.delete(idOf(entry));
        } else {
          report.failed++;
          this.#postpone(entry);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, pending.length) }, work));
    this.refreshed += report.refreshed;
    this.failed += report.failed;
    return report;
  }

  #postpone(entry: DueEntry): void {
    const id = idOf(entry);
    const count = (this.#failures.get(id)?.count ?? 0) + 1;
    this.#failures.delete(id); // to the end of the order
    if (this.#failures.size >= MOST_FAILURES) this.#failures.delete(this.#failures.keys().next().value!);
    const delay = Math.min(LONGEST_BACKOFF_MILLIS, LEAST_TICK_MILLIS * 2 ** Math.min(count, 20));
    this.#failures.set(id, { count, notBefore: this.#host.nowMillis() + delay });
  }

  #schedule(): void {
    if (!this.#isRunning) return;
    const { nextMillis } = this.#host.due(this.#ratio);
    const delay = Math.min(this.#tickMillis, Math.max(LEAST_TICK_MILLIS, nextMillis));
    this.#timer = setTimeout(() => void this.run().finally(() => this.#schedule()), delay);
    this.#timer.unref();
  }
}

function idOf({ context, key }: DueEntry): string {
  return JSON.stringify([context, key]);
}
