// Components (prompt parts, mail and page templates) from the files of one folder, cached beside what comes of them: the raw
// template once, and each variant that differs by its variables or its context. An edited file is noticed and takes its
// variants along. What is asked for most is learned, stays longest and can be loaded ahead.
//
// A request is a hit when no file had to be read for it. Looking whether a file has changed is a stat, at most every
// `checkMillis` a component.

import { relative, resolve, sep } from "node:path";
import { CacheMonitor, type CacheSnapshot } from "../../cache/components/cache-monitor.ts";
import { HotList, type HotListState } from "../../cache/components/hot-list.ts";
import { type MissingVariable, Template } from "../../cache/components/template.ts";
import { plainAttributes } from "../../cache/entry-table.ts";
import { cachePolicy } from "../../cache/policies/registry.ts";
import { CacheStore } from "../../cache/store.ts";
import { assert, MempredError } from "../../core/errors.ts";
import { confinedPath } from "../../io/confined-path.ts";
import { readComponent, stampComponent } from "./component-file.ts";
import { RecentTimes } from "./recent-times.ts";

export interface ComponentLoaderOptions {
  /** The folder that every path is relative to and none may leave. */
  readonly root: string;
  /** Most entries, templates and variants together. Default 100. */
  readonly max?: number | undefined;
  /** Most bytes of text (two a UTF-16 unit, as the engine may hold it) and keys. Default 50 MiB. */
  readonly maxSize?: number | undefined;
  /** Id of a cache policy. Default "lru". */
  readonly policy?: string | undefined;
  /** A cached file is looked at again at most so often; 0: at each request. Default 1,000. */
  readonly checkMillis?: number | undefined;
  /** So many of the most asked for components stay longest. Default 10. */
  readonly hotCount?: number | undefined;
  /** After which a request counts half in what is hot. Default 1 h. */
  readonly hotHalfLifeMillis?: number | undefined;
  /** What a `{name}` without a value becomes. Default "keep". */
  readonly missing?: MissingVariable | undefined;
  /** Least time between two snapshots of the monitor. Default 1,000. */
  readonly snapshotMillis?: number | undefined;
  readonly isMonitored?: boolean | undefined;
  /** For tests. Milliseconds since the epoch. */
  readonly nowMillis?: (() => number) | undefined;
}

export interface LoadOptions {
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** Variants of different contexts are kept apart and counted apart. Default "". */
  readonly context?: string | undefined;
  readonly missing?: MissingVariable | undefined;
}

export interface PreloadResult {
  readonly loaded: readonly string[];
  readonly failed: readonly { readonly path: string; readonly error: MempredError }[];
}

export interface ComponentStatistics {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly hitRatio: number;
  /** Requests that ended in an error. */
  readonly failures: number;
  readonly renders: number;
  /** Variants found rendered. */
  readonly variantHits: number;
  /** Files read again because they had changed. */
  readonly reloads: number;
  readonly preloads: number;
  readonly evictions: number;
  /** Texts too large to be kept; they were handed out all the same. */
  readonly refused: number;
  readonly entries: number;
  readonly bytes: number;
  /** Of reading a file; of a whole request that hit. ms, over the last 1,000. */
  readonly loadMillis: { readonly p50: number; readonly p95: number; readonly max: number };
  readonly hitMillis: { readonly p50: number; readonly p95: number; readonly max: number };
  readonly topTen: readonly { readonly path: string; readonly requests: number }[];
}

interface Raw {
  readonly template: Template;
  readonly text: string;
  readonly stamp: string;
  checkedAt: number;
}

/** A rendered text and the stamp of the template it was made of. */
interface Variant {
  readonly text: string;
  readonly raw: Raw;
}

const MEBIBYTE = 1_048_576;
const MOST_FILE_BYTES = 64 * MEBIBYTE;
const HOT_KEYS = 1000;
/** What is hot is looked up again after so many requests. */
const HOT_EVERY = 64;
const PARALLEL_PRELOADS = 4;
const KEPT_PRIORITY = 1;

export class ComponentLoader {
  readonly root: string;
  readonly monitor: CacheMonitor;
  readonly #options: ComponentLoaderOptions;
  readonly #now: () => number;
  readonly #store: CacheStore<Raw | Variant>;
  readonly #hot: HotList;
  readonly #counts = new Map<string, number>();
  readonly #flights = new Map<string, Promise<Raw>>();
  readonly #loadTimes = new RecentTimes();
  readonly #hitTimes = new RecentTimes();
  #hotNow = new Set<string>();
  #generation = 0;
  #requests = 0;
  #hits = 0;
  #failures = 0;
  #renders = 0;
  #variantHits = 0;
  #reloads = 0;
  #preloads = 0;

  /** Errors: INVALID_INPUT, UNKNOWN_POLICY. */
  constructor(options: ComponentLoaderOptions) {
    this.root = resolve(options.root);
    this.#options = options;
    this.#now = options.nowMillis ?? Date.now;
    this.monitor = new CacheMonitor(options.isMonitored ?? true);
    this.#hot = new HotList(HOT_KEYS, positive(options.hotHalfLifeMillis ?? 3_600_000, "hotHalfLifeMillis"));
    this.#store = new CacheStore<Raw | Variant>({
      policy: cachePolicy(options.policy ?? "lru"),
      maxEntries: positive(options.max ?? 100, "max"),
      maxSize: positive(options.maxSize ?? 50 * MEBIBYTE, "maxSize"),
      nowMillis: this.#now,
    });
  }

  /** As a tenant of memory: for `attachPressure`. */
  get tenant(): CacheStore<unknown> {
    return this.#store as CacheStore<unknown>;
  }

  /**
   * The text of the component with its variables filled in.
   * @param path relative to the root
   * Errors: OUTSIDE_ROOT, NOT_FOUND, INVALID_INPUT (no UTF-8; a value is missing and `missing` is "error"), LOAD_FAILED.
   */
  async load(path: string, options: LoadOptions = {}): Promise<string> {
    const startedAt = performance.now();
    this.#requests++;
    try {
      const name = this.#nameOf(path);
      this.#note(name);
      const reads = { count: 0 };
      const raw = await this.#raw(name, reads, true);
      const text = this.#variant(name, raw, options);
      if (reads.count === 0) {
        this.#hits++;
        this.#hitTimes.add(performance.now() - startedAt);
      }
      return text;
    } catch (error) {
      this.#failures++;
      throw error;
    } finally {
      this.#snapshotNow(false);
    }
  }

  /**
   * Loads components ahead, those that are hot if none are named. Counts neither as requests nor for what is hot; one that cannot
   * be loaded stops no other.
   */
  async preload(paths: readonly string[] = this.hot().map(({ path }) => path)): Promise<PreloadResult> {
    const loaded: string[] = [];
    const failed: { path: string; error: MempredError }[] = [];
    const waiting = [...new Set(paths)].reverse();
    const work = async (): Promise<void> => {
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        try {
          await this.#raw(this.#nameOf(path), { count: 0 }, false);
          this.#preloads++;
          loaded.push(path);
        } catch (error) {
          if (!(error instanceof MempredError)) throw error;
          failed.push({ path, error });
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_PRELOADS }, work));
    return { loaded, failed };
  }

  /** The most asked for, faded by time, hottest first. */
  hot(count = this.#options.hotCount ?? 10): { path: string; score: number }[] {
    return this.#hot.top(count, this.#now()).map(({ key, score }) => ({ path: key, score }));
  }

  /** What was learned, for a file; `restoreHot` takes it back. */
  hotState(): HotListState {
    return this.#hot.state(this.#now());
  }

  /** Errors: INVALID_MODEL, and nothing changes. */
  restoreHot(state: HotListState): void {
    this.#hot.restore(state, this.#now());
    this.#hotNow = new Set(this.hot().map(({ path }) => path));
  }

  /** Drops a component with its variants. @returns how many entries left */
  invalidate(path: string): number {
    this.#generation++;
    return this.#store.deleteTag(this.#nameOf(path));
  }

  /** Empties the cache; what was learned stays. @returns how many entries left */
  clear(): number {
    this.#generation++;
    return this.#store.clear();
  }

  statistics(): ComponentStatistics {
    const { refused } = this.#store.statistics;
    const times = (recent: RecentTimes) => ({
      p50: recent.quantile(0.5),
      p95: recent.quantile(0.95),
      max: recent.quantile(1),
    });
    const topTen = [...this.#counts].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1)).slice(0, 10);
    return {
      requests: this.#requests,
      hits: this.#hits,
      misses: this.#requests - this.#hits,
      hitRatio: this.#requests === 0 ? 0 : this.#hits / this.#requests,
      failures: this.#failures,
      renders: this.#renders,
      variantHits: this.#variantHits,
      reloads: this.#reloads,
      preloads: this.#preloads,
      evictions: this.#evictions,
      refused: refused.oversize,
      entries: this.#store.count,
      bytes: this.#store.size,
      loadMillis: times(this.#loadTimes),
      hitMillis: times(this.#hitTimes),
      topTen: topTen.map(([path, requests]) => ({ path, requests })),
    };
  }

  /** Takes a snapshot now, gives it to the monitor and returns it. */
  snapshot(): CacheSnapshot {
    return this.#snapshotNow(true) as CacheSnapshot;
  }

  /** Recounts everything. Throws AssertionError. */
  check(): void {
    this.#store.check();
    assert(this.#hits + this.#failures <= this.#requests, "components: more hits than requests");
  }

  /** The template, fresh as far as it was looked at lately. */
  async #raw(name: string, reads: { count: number }, isDemand: boolean): Promise<Raw> {
    const key = name;
    const isFound = isDemand ? this.#store.demand(key, "", 0) !== 0 : this.#store.find(key, "") >= 0;
    const cached = isFound ? (this.#store.valueAt(this.#store.slot) as Raw) : undefined;
    const checkMillis = this.#options.checkMillis ?? 1000;
    if (cached !== undefined) {
      const age = this.#now() - cached.checkedAt;
      if (age >= 0 && age < checkMillis) return cached;
      if ((await this.#stampOrForget(name)) === cached.stamp) {
        cached.checkedAt = this.#now();
        return cached;
      }
    }
    let flight = this.#flights.get(name);
    if (flight === undefined) {
      flight = this.#read(name, cached).finally(() => this.#flights.delete(name));
      this.#flights.set(name, flight);
    }
    reads.count++;
    return flight;
  }

  /** A file that is gone takes what was cached of it along. */
  async #stampOrForget(name: string): Promise<string> {
    try {
      const stamp = await stampComponent(this.root, name);
      return stamp === "" ? "unknown" : stamp;
    } catch (error) {
      this.#store.deleteTag(name);
      throw error;
    }
  }

  async #read(name: string, before: Raw | undefined): Promise<Raw> {
    const generation = this.#generation;
    const checkedAt = this.#now();
    const startedAt = performance.now();
    const { text, stamp } = await readComponent(this.root, name, MOST_FILE_BYTES);
    this.#loadTimes.add(performance.now() - startedAt);
    const raw: Raw = { template: new Template(text), text, stamp, checkedAt };
    // Variants of the same text are still right: only their stamp was not to be trusted.
    if (before !== undefined && before.text !== text) {
      this.#reloads++;
      this.#store.deleteTag(name);
    }
    // Cleared while it was read: it is handed out and not kept.
    if (generation === this.#generation) this.#keep(name, name, raw, text);
    return raw;
  }

  #variant(name: string, raw: Raw, options: LoadOptions): string {
    const { template } = raw;
    if (template.names.length === 0) return raw.text;
    const variables = options.variables ?? {};
    const missing = options.missing ?? this.#options.missing ?? "keep";
    const context = options.context ?? "";
    const key = `${missing}:${template.variantOf(variables)}`;
    // A context of the store is a space of its own; the name of the component makes it one for each component too.
    const space = `${name}\0${context}`;
    if (this.#store.find(key, space) >= 0) {
      const found = this.#store.valueAt(this.#store.slot) as Variant;
      if (found.raw.text === raw.text) {
        this.#store.demand(key, space, 0);
        this.#variantHits++;
        return found.text;
      }
    }
    const text = template.render(variables, missing);
    this.#renders++;
    this.#keep(name, key, { text, raw }, text, space);
    return text;
  }

  #keep(name: string, key: string, value: Raw | Variant, text: string, space = ""): void {
    const attributes = plainAttributes();
    attributes.size = 2 * (text.length + key.length + space.length) + 1;
    attributes.tags = [name];
    attributes.priority = this.#hotNow.has(name) ? KEPT_PRIORITY : 0;
    this.#store.put(key, value, space, attributes);
  }

  #note(name: string): void {
    this.#hot.note(name, this.#now());
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    if (this.#counts.size > HOT_KEYS * 10) this.#forgetRare();
    if (this.#requests % HOT_EVERY === 0) this.#keepHot();
  }

  /** Templates that became hot are marked, those that no longer are lose the mark. */
  #keepHot(): void {
    const before = this.#hotNow;
    this.#hotNow = new Set(this.hot().map(({ path }) => path));
    for (const name of new Set([...before, ...this.#hotNow])) {
      if (before.has(name) === this.#hotNow.has(name) || this.#store.find(name, "") < 0) continue;
      const raw = this.#store.valueAt(this.#store.slot) as Raw;
      const attributes = plainAttributes();
      attributes.size = 2 * (raw.text.length + name.length) + 1;
      attributes.tags = [name];
      attributes.priority = this.#hotNow.has(name) ? KEPT_PRIORITY : 0;
      attributes.isQuiet = true;
      this.#store.put(name, raw, "", attributes);
    }
  }

  /** The counts of the top ten are exact only while at most 10,000 components are in use. */
  #forgetRare(): void {
    const kept = [...this.#counts].sort(([, a], [, b]) => b - a).slice(0, HOT_KEYS * 5);
    this.#counts.clear();
    for (const [name, count] of kept) this.#counts.set(name, count);
  }

  #snapshotNow(isAsked: boolean): CacheSnapshot | undefined {
    if (!isAsked && !this.monitor.isOn) return undefined;
    const last = this.monitor.snapshots.at(-1);
    const atMillis = Math.max(this.#now(), last?.atMillis ?? 0);
    if (!isAsked && last !== undefined && atMillis - last.atMillis < (this.#options.snapshotMillis ?? 1000))
      return undefined;
    const snapshot: CacheSnapshot = {
      atMillis,
      hits: this.#hits,
      misses: this.#requests - this.#hits,
      evictions: this.#evictions,
      failures: this.#failures,
      entries: this.#store.count,
      bytes: this.#store.size,
      mostEntries: this.#options.max ?? 100,
      mostBytes: this.#options.maxSize ?? 50 * MEBIBYTE,
      loadMillisP95: this.#loadTimes.quantile(0.95),
    };
    this.monitor.add(snapshot);
    return snapshot;
  }

  get #evictions(): number {
    const { removed } = this.#store.statistics;
    return removed.policy + removed.size + removed.pressure;
  }

  /** The one name of a file: "a/../b.md" and "b.md" are the same. */
  #nameOf(path: string): string {
    return relative(this.root, confinedPath(this.root, path)).split(sep).join("/");
  }
}

function positive(value: number, name: string): number {
  if (!(Number.isInteger(value) && value >= 1))
    throw new MempredError("INVALID_INPUT", `${name} is ${value}`, { expected: "a whole number of 1 or more" });
  return value;
}
