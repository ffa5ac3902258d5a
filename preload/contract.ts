// What the parts of the preloader say to each other: what was asked for, what is expected next, and which queue that goes to.

/** A component was asked for. */
export interface ComponentRequest {
  readonly component: string;
  /** Whose request it is; requests of one user follow each other. Default "". */
  readonly user?: string | undefined;
  /** Milliseconds since the epoch, or of a trace; never decreasing for one user. */
  readonly atMillis: number;
  /** A new session begins with this request: it follows nothing. Default false. */
  readonly isFirst?: boolean | undefined;
}

/** A component that is expected, and when: 1 is the next request of this user, 3 the one after two others. */
export interface ExpectedComponent {
  readonly component: string;
  readonly step: 1 | 2 | 3;
  /** Calibrated probability that it is asked for at that step, 0..1. */
  readonly confidence: number;
  /** Who expects it: "sequence", "similar-users", … Records are kept by source. */
  readonly source: string;
}

/** Learns from requests what comes next. Synchronous and without a clock. */
export interface NextComponentModel {
  readonly id: string;
  /** Predict first, then observe. Cost: microseconds. */
  observe(request: ComponentRequest): void;
  /**
   * What `user` will ask for, ordered by confidence, then by step; at most `count` in all, each component once, at the step where it
   * is most likely. Cost: microseconds a step.
   * @param atMillis now @param stepCount how far to look, 1 to 3
   */
  expect(user: string, atMillis: number, stepCount: 1 | 2 | 3, count: number): ExpectedComponent[];
  /** Bytes of what was learned. */
  readonly stateBytes: number;
}

/** Queues of the preloader, the most urgent first. */
export const QUEUE_NAMES = ["immediate", "delayed", "background"] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** What it costs to load a component and to keep it. */
export interface ComponentCost {
  /** Of this load against an average one; 1: average. */
  readonly loadRatio: number;
  readonly bytes: number;
  /** What is expected to be lost with whatever has to leave for it, in average loads: the probability that that is asked for. Default 0. */
  readonly displacedLoads?: number | undefined;
}

/** What came of a preload: asked for when it was there; asked for while it was under way; never asked for; could not be loaded. */
export type PreloadOutcome = "in-time" | "late" | "wasted" | "failed";

/** Decides which queue an expected component goes to, if any. */
export interface PreloadRouter {
  readonly id: string;
  /** Somebody asked for something. A router whose preloads are counted against requests earns its share here. */
  onRequest?(): void;
  /** undefined: it is not loaded ahead. Counts the answer. */
  route(expected: ExpectedComponent, cost: ComponentCost): QueueName | undefined;
  /** What a byte held for a second costs, in average loads; Infinity stops loading ahead. */
  setPrice(price: number): void;
  /** What came of a preload that was routed. @param heldSeconds how long it lay there */
  settle(expected: ExpectedComponent, outcome: PreloadOutcome, heldSeconds: number, bytes: number): void;
}
