// What the crew and the threads of the ring's stress say to each other.

import type { MessagePort } from "node:worker_threads";

/** Cells of the control buffer. */
export const READY = 0;
export const GO = 1;
export const SENDERS_DONE = 2;
/** Never set and never woken: for waiting a while. */
export const NEVER = 3;
/** Counted up when something was pushed: there, and back. */
export const PUSHED = 4;
export const CONTROL_CELLS = 6;

/** An item says who sent it and which of his it is. */
export const INDEX_BITS = 26;

interface JobBase {
  readonly control: SharedArrayBuffer;
  /** Items in one call or message; 0: sizes at random from 1 to 64, single calls among them. */
  readonly batch: number;
  readonly seed: number;
  /** After so many items it stops for a while, having claimed and not handed over; −1: never. Ring only. */
  readonly pauseAfter: number;
}

export interface SendJob extends JobBase {
  readonly role: "send";
  readonly sender: number;
  readonly count: number;
  /** A ring, or a port to each receiver. */
  readonly ring: SharedArrayBuffer | undefined;
  readonly ports: readonly MessagePort[];
}

export interface ReceiveJob extends JobBase {
  readonly role: "receive";
  readonly senders: number;
  readonly countEach: number;
  readonly ring: SharedArrayBuffer | undefined;
  readonly ports: readonly MessagePort[];
}

/** Round trips of one item with another thread that has the other part; both sleep until it is there. */
export interface PingJob extends JobBase {
  readonly role: "ping" | "pong";
  readonly count: number;
  /** The way there and the way back. */
  readonly rings: readonly [SharedArrayBuffer, SharedArrayBuffer] | undefined;
  readonly ports: readonly MessagePort[];
}

/** Tells requests to the thread that started it, by a RequestFeed or by its port. */
export interface TellJob extends JobBase {
  readonly role: "tell";
  readonly count: number;
  readonly feed: SharedArrayBuffer | undefined;
  readonly ports: readonly MessagePort[];
}

export type ThreadJob = SendJob | ReceiveJob | PingJob | TellJob;

/** What a thread says at the end of its job. */
export interface ThreadReport {
  /** Of the machine's steady clock. */
  readonly endedAtMillis: number;
  readonly received: number;
  /** It took an item twice. */
  readonly doubled: number;
  /** It took an item of a sender after a later one of the same. */
  readonly disordered: number;
  /** One bit an item: taken here. */
  readonly taken: SharedArrayBuffer | undefined;
}

/** The same clock in all threads. */
export function steadyMillis(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
