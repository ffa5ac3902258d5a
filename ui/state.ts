// What the page shows, as signals: whoever reads one is drawn again when it changes. Changed by the controls (actions.ts) and
// the runs (runs.ts).

import { computed, signal } from "@preact/signals";
import type { PageReport } from "../cli/render/page-report.ts";
import { HeapView } from "../sim/recording/heap-view.ts";
import type { RecordedForecast } from "../sim/recording/recorded-forecast.ts";
import { isOneDemand, type Recording } from "../sim/recording/recording.ts";
import type { Decision, RunResult } from "../sim/result.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "./options.ts";

/** One of the two runs. */
export class Side {
  readonly key: "A" | "B";
  /** Null until the first part of it is here. */
  recording: Recording | null = null;
  view: HeapView | null = null;
  /** Grows with each part that arrives; read it to be told. */
  readonly version = signal(0);
  readonly result = signal<RunResult | null>(null);
  /** Of its forecasts, when all of them are there. */
  readonly scores = signal<RecordedForecast | null>(null);
  readonly decisions = signal<readonly Decision[]>([]);
  readonly policy = signal("");

  constructor(key: "A" | "B") {
    this.key = key;
  }

  reset(policy: string): void {
    this.policy.value = policy;
    this.recording = null;
    this.view = null;
    this.result.value = null;
    this.scores.value = null;
    this.decisions.value = [];
    this.version.value++;
  }

  /** Takes a recording that is to grow, or is complete. */
  show(recording: Recording): void {
    this.recording = recording;
    this.view = new HeapView(recording);
    this.policy.value = recording.header.policy;
    this.version.value++;
  }
}

export const sides = { A: new Side("A"), B: new Side("B") };
export const bothSides = [sides.A, sides.B] as const;

export const options = signal<RunOptions>(DEFAULT_OPTIONS);
/** The moment that is shown, µs. */
export const moment = signal(0);
/**
 * The moment for words, lists and the network: while it plays, as often as one can read. Several, as each takes a good part of
 * a frame: they take turns.
 */
export const calmMoments = { words: signal(0), events: signal(0), network: signal(0), compactions: signal(0) } as const;
/** True: the moment stays at the head of what is there. */
export const isFollowing = signal(true);
export const isPlaying = signal(false);
/** Virtual seconds a second. */
export const speed = signal(10);
export const isRunning = signal(false);
/** Wall-clock ms from the start of the last pair of runs to its end; null: not yet. */
export const tookMillis = signal<number | null>(null);

export interface Message {
  readonly kind: "info" | "error";
  readonly text: string;
}
export const message = signal<Message | null>(null);

/** What is shown, where that is no run of the page: the file it came from. Its policies cannot be changed. */
export const shownFile = signal<string | null>(null);
/** The report that was opened or that the page holds; null: the page runs what its controls say. */
export const opened = signal<PageReport | null>(null);

/** False: two journals are shown that cannot be compared. */
export const areComparable = computed(() => {
  for (const side of bothSides) side.version.value;
  const [a, b] = [sides.A.recording, sides.B.recording];
  return a === null || b === null || isOneDemand(a.header, b.header);
});

/** Up to here both runs are there, µs. */
export const headMicros = computed(() => {
  let head = Infinity;
  for (const side of bothSides) {
    side.version.value;
    if (side.recording !== null) head = Math.min(head, side.recording.endMicros);
    else if (shownFile.value === null) head = 0;
  }
  return head === Infinity ? 0 : head;
});
