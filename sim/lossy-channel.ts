// A channel between machines: what is sent comes some time later, or never, and maybe after what was sent later. Which message
// is lost and how late one comes is drawn from a stream of its own.

import { MempredError } from "../core/errors.ts";
import type { RandomStream } from "../core/random.ts";

export interface ChannelOptions {
  /** Share of messages that never come, 0..1. */
  readonly lossRatio: number;
  /** Mean time on the way, µs; each takes between half of it and half as much again. */
  readonly delayMicros: number;
}

interface Envelope {
  readonly to: number;
  readonly atMicros: number;
  readonly order: number;
  readonly bytes: Uint8Array;
}

export class LossyChannel {
  sent = 0;
  sentBytes = 0;
  lost = 0;
  readonly #options: ChannelOptions;
  readonly #random: RandomStream;
  #underway: Envelope[] = [];

  /** Throws INVALID_INPUT for a loss that is no ratio or a delay that is no time. */
  constructor(options: ChannelOptions, random: RandomStream) {
    const { lossRatio, delayMicros } = options;
    if (!(lossRatio >= 0 && lossRatio <= 1)) {
      throw new MempredError("INVALID_INPUT", `a loss is a ratio of 0 to 1, not ${lossRatio}`);
    }
    if (!(delayMicros >= 0 && delayMicros < Infinity)) {
      throw new MempredError("INVALID_INPUT", `a delay is a time, not ${delayMicros} µs`);
    }
    this.#options = options;
    this.#random = random;
  }

  send(to: number, bytes: Uint8Array, nowMicros: number): void {
    const { lossRatio, delayMicros } = this.#options;
    this.sent++;
    this.sentBytes += bytes.length;
    const isLost = this.#random.next() < lossRatio;
    const atMicros = nowMicros + Math.round(delayMicros * (0.5 + this.#random.next()));
    if (isLost) this.lost++;
    else this.#underway.push({ to, atMicros, order: this.sent, bytes });
  }

  /** What has come for `to` by now, in the order of arrival. */
  receive(to: number, nowMicros: number): Uint8Array[] {
    const isHere = (one: Envelope) => one.to === to && one.atMicros <= nowMicros;
    const here = this.#underway.filter(isHere).sort((a, b) => a.atMicros - b.atMicros || a.order - b.order);
    if (here.length > 0) this.#underway = this.#underway.filter((one) => !isHere(one));
    return here.map((one) => one.bytes);
  }
}
