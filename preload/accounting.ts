// What came of preloading, so that nobody has to believe in it. Each preload that was begun is under way, then lies there, and ends
// in exactly one outcome: asked for when it was there (in time), asked for while it was under way (late), gone without having
// been asked for, or given up (wasted), or not loadable (failed). Beside the hits there were stand those there would have been
// without preloading: an LRU of the keys alone, of the same number of entries, that is fed by the requests and nothing else.

import { assert } from "../core/errors.ts";
import type { ExpectedComponent, PreloadOutcome } from "./contract.ts";

export interface PreloadAccountingOptions {
  /** Entries of the cache that would be there without preloading. Default 0: not kept, its hit ratio is NaN. */
  readonly entriesWithout?: number | undefined;
}

/** A preload that has come to its end: what a router's `settle` is told. */
export interface SettledPreload {
  readonly expected: ExpectedComponent;
  readonly outcome: PreloadOutcome;
  /** From its arrival to its use or its leaving; 0 where it never arrived in time. */
  readonly heldSeconds: number;
  readonly bytes: number;
}

export interface PreloadFigures {
  readonly begun: number;
  readonly inTime: number;
  readonly late: number;
  readonly wasted: number;
  readonly failed: number;
  /** Being loaded now; lying there unused now. */
  readonly underWay: number;
  readonly held: number;
  /** Bytes loaded ahead; of these, loaded for nothing. */
  readonly bytes: number;
  readonly wastedBytes: number;
  /** Seconds that what has an outcome lay there before it was used or left. */
  readonly heldSeconds: number;
  /** Wasted, of all that were used, late or wasted; NaN without any. */
  readonly wastedShare: number;
}

export interface HitFigures {
  readonly requests: number;
  readonly hits: number;
  /** Hits on what was there because it had been preloaded, first uses only. */
  readonly preloadHits: number;
  /** hits / requests, NaN without requests. */
  readonly hitRatio: number;
  /** What it would be without preloading; NaN where that is not kept. */
  readonly hitRatioWithout: number;
}

interface OpenPreload {
  readonly expected: ExpectedComponent;
  /** Infinity while it is under way. */
  arrivedAtMillis: number;
  bytes: number;
}

interface SourceSums {
  begun: number;
  inTime: number;
  late: number;
  wasted: number;
  failed: number;
  bytes: number;
  wastedBytes: number;
  heldSeconds: number;
}

/** One for each cache. All times on one clock, in milliseconds. Cost: a few map operations a call. */
export class PreloadAccounting {
  readonly #open = new Map<string, OpenPreload>();
  readonly #sources = new Map<string, SourceSums>();
  readonly #entriesWithout: number;
  /** Keys, the least recently used first. */
  readonly #without = new Set<string>();
  #requests = 0;
  #hits = 0;
  #preloadHits = 0;
  #hitsWithout = 0;

  constructor(options: PreloadAccountingOptions = {}) {
    this.#entriesWithout = options.entriesWithout ?? 0;
    assert(
      Number.isInteger(this.#entriesWithout) && this.#entriesWithout >= 0,
      "preload accounting: a whole number of entries",
    );
  }

  /** Is there a preload of it that has no outcome yet? */
  isOpen(component: string): boolean {
    return this.#open.has(component);
  }

  /** A load ahead of demand begins. A component has at most one without an outcome. */
  begin(expected: ExpectedComponent): void {
    assert(!this.#open.has(expected.component), "preload accounting: it has been begun already");
    this.#open.set(expected.component, { expected, arrivedAtMillis: Infinity, bytes: 0 });
    this.#sumsOf(expected.source).begun++;
  }

  /**
   * It is loaded and lies in the cache. Without an open preload (it was late, and has its outcome) nothing happens but that its
   * bytes count. @param source needed only for those
   */
  arrive(component: string, bytes: number, nowMillis: number, source?: string): void {
    const preload = this.#open.get(component);
    const owner = preload?.expected.source ?? source;
    if (owner !== undefined) this.#sumsOf(owner).bytes += bytes;
    if (preload === undefined) return;
    assert(preload.arrivedAtMillis === Infinity, "preload accounting: it arrives once");
    preload.arrivedAtMillis = nowMillis;
    preload.bytes = bytes;
  }

  /** Somebody asks for it. @param isHit whether it was there @returns the preload that this decides, if any */
  request(component: string, isHit: boolean, nowMillis: number): SettledPreload | undefined {
    this.#requests++;
    if (isHit) this.#hits++;
    if (this.#entriesWithout > 0) this.#requestWithout(component);
    const preload = this.#open.get(component);
    if (preload === undefined) return undefined;
    const isThere = preload.arrivedAtMillis !== Infinity;
    assert(isThere === isHit, "preload accounting: what has arrived is found, what has not is not");
    if (isThere) this.#preloadHits++;
    return this.#settle(preload, isThere ? "in-time" : "late", nowMillis);
  }

  /** It left the cache, or its load was given up. @returns the preload that this decides, if any: wasted */
  leave(component: string, nowMillis: number): SettledPreload | undefined {
    const preload = this.#open.get(component);
    return preload === undefined ? undefined : this.#settle(preload, "wasted", nowMillis);
  }

  /** Its load failed. @returns the preload that this decides, if any */
  fail(component: string, nowMillis: number): SettledPreload | undefined {
    const preload = this.#open.get(component);
    if (preload === undefined) return undefined;
    assert(preload.arrivedAtMillis === Infinity, "preload accounting: what has arrived cannot fail");
    return this.#settle(preload, "failed", nowMillis);
  }

  /** Of one source or, without, of all together. */
  figures(source?: string): PreloadFigures {
    const all = [...this.#sources].filter(([id]) => source === undefined || id === source).map(([, sums]) => sums);
    const sum = (of: (sums: SourceSums) => number) => all.reduce((total, one) => total + of(one), 0);
    const [inTime, late, wasted] = [sum((one) => one.inTime), sum((one) => one.late), sum((one) => one.wasted)];
    let [underWay, held] = [0, 0];
    for (const { expected, arrivedAtMillis } of this.#open.values()) {
      if (source !== undefined && expected.source !== source) continue;
      if (arrivedAtMillis === Infinity) underWay++;
      else held++;
    }
    return {
      begun: sum((one) => one.begun),
      inTime,
      late,
      wasted,
      failed: sum((one) => one.failed),
      underWay,
      held,
      bytes: sum((one) => one.bytes),
      wastedBytes: sum((one) => one.wastedBytes),
      heldSeconds: sum((one) => one.heldSeconds),
      wastedShare: wasted / (inTime + late + wasted),
    };
  }

  get hits(): HitFigures {
    return {
      requests: this.#requests,
      hits: this.#hits,
      preloadHits: this.#preloadHits,
      hitRatio: this.#hits / this.#requests,
      hitRatioWithout: this.#entriesWithout === 0 ? NaN : this.#hitsWithout / this.#requests,
    };
  }

  sources(): string[] {
    return [...this.#sources.keys()];
  }

  /** Throws AssertionError unless each preload that was begun has exactly one outcome or is open, for each source. Cold. */
  check(): void {
    for (const source of this.#sources.keys()) {
      const { begun, inTime, late, wasted, failed, underWay, held, bytes, wastedBytes } = this.figures(source);
      assert(begun === inTime + late + wasted + failed + underWay + held, "preload accounting: a preload was lost");
      assert(wastedBytes <= bytes, "preload accounting: more bytes are wasted than were loaded");
    }
    const all = this.figures();
    assert(all.underWay + all.held === this.#open.size, "preload accounting: an open preload has no source");
    assert(this.#preloadHits === all.inTime, "preload accounting: each preload in time is a hit");
    assert(this.#without.size <= this.#entriesWithout, "preload accounting: the cache without has its size");
  }

  #settle(preload: OpenPreload, outcome: PreloadOutcome, nowMillis: number): SettledPreload {
    const { expected, arrivedAtMillis, bytes } = preload;
    this.#open.delete(expected.component);
    const heldSeconds = arrivedAtMillis === Infinity ? 0 : (nowMillis - arrivedAtMillis) / 1000;
    assert(heldSeconds >= 0, "preload accounting: time does not run backwards");
    const sums = this.#sumsOf(expected.source);
    sums.heldSeconds += heldSeconds;
    if (outcome === "in-time") sums.inTime++;
    else if (outcome === "late") sums.late++;
    else if (outcome === "failed") sums.failed++;
    else {
      sums.wasted++;
      sums.wastedBytes += bytes;
    }
    return { expected, outcome, heldSeconds, bytes };
  }

  #requestWithout(component: string): void {
    if (this.#without.delete(component)) this.#hitsWithout++;
    else if (this.#without.size === this.#entriesWithout) {
      for (const oldest of this.#without) {
        this.#without.delete(oldest);
        break;
      }
    }
    this.#without.add(component);
  }

  #sumsOf(source: string): SourceSums {
    let sums = this.#sources.get(source);
    if (sums === undefined) {
      sums = { begun: 0, inTime: 0, late: 0, wasted: 0, failed: 0, bytes: 0, wastedBytes: 0, heldSeconds: 0 };
      this.#sources.set(source, sums);
    }
    return sums;
  }
}
