// Several machines, each with its own arena, demand and network, which tell each other now and then what they learned (K82).
// Unlike the zones of a fleet (fleet.ts) they share no limit and no time but the wall clock of the room: what passes between them
// is messages over a lossy, delayed channel. A machine may join late; the question is how well it forecasts until it
// has learned for itself. With the exchange off each run is what `simulate` gives, to the byte.

import { assert, MempredError } from "../core/errors.ts";
import { crc32, Digest } from "../core/hash.ts";
import { RandomStream } from "../core/random.ts";
import { TICK_MICROS } from "../core/units.ts";
import { PressurePredictor } from "../predictor/pressure-predictor.ts";
import {
  averageInto,
  decodeWeights,
  encodeWeights,
  REFUSALS,
  type Refusal,
  type WeightMessage,
} from "../predictor/weight-exchange.ts";
import { type ChannelOptions, LossyChannel } from "./lossy-channel.ts";
import { Run } from "./simulate.ts";
import type { SimulateOptions, SimulateOutcome } from "./simulate-types.ts";

export interface MachineOptions extends SimulateOptions {
  /** When it joins, µs after the first tick of the others, a multiple of the tick of 500 ms. Its own time starts at 0 then. Default 0. */
  readonly joinsAtMicros?: number;
  /** For tests: what it sends in place of its message. */
  readonly garble?: (message: Uint8Array) => Uint8Array;
}

export interface MachinesOptions {
  /** All of a policy with the network that learns online; common weights to start from are the caller's to give. */
  readonly machines: readonly MachineOptions[];
  /** Null: nobody tells anybody anything. */
  readonly exchange: (ChannelOptions & { readonly everyMicros: number }) | null;
  /** Of the channel's stream. */
  readonly seed: number;
}

export interface ExchangeReport {
  readonly messages: number;
  readonly lost: number;
  readonly sentBytes: number;
  /** Sent by a machine in each second of its run, on average. */
  readonly bytesPerMachineSecond: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Sets of weights that were averaged in. */
  readonly takenIn: number;
}

export interface MachinesOutcome {
  readonly machines: readonly SimulateOutcome[];
  readonly exchange: ExchangeReport | null;
  /** Digest over those of the machines and over what their networks know at the end. */
  readonly hash: string;
}

/**
 * Runs the machines. Cost: the runs' together.
 * Errors: as `simulate`; INVALID_INPUT without a machine, for one without the network, or for times that are no whole ticks.
 */
export function simulateMachines({ machines, exchange, seed }: MachinesOptions): MachinesOutcome {
  if (machines.length === 0) throw new MempredError("INVALID_INPUT", "there is at least one machine");
  if (exchange !== null && !isTicks(exchange.everyMicros, 1)) {
    throw new MempredError(
      "INVALID_INPUT",
      `an exchange each ${exchange.everyMicros} µs: whole ticks of 500 ms, please`,
    );
  }
  const all = machines.map((options, index) => new Machine(index, options));
  const channel = exchange === null ? null : new LossyChannel(exchange, new RandomStream(seed, "exchange"));
  const end = Math.max(...all.map((one) => one.endMicros));
  for (let now = 0; now <= end; now += TICK_MICROS) {
    for (const one of all) one.tick(now);
    if (channel === null) continue;
    for (const one of all) one.takeIn(channel.receive(one.index, now), now);
    if (now > 0 && now % exchange!.everyMicros === 0) for (const one of all) one.tellOthers(all, channel, now);
  }
  const outcomes = all.map((one) => one.finish());
  const digest = new Digest();
  for (const { result, predictorState } of outcomes) {
    digest.addText(`${result.hash}\n`);
    if (predictorState !== null) digest.addInteger(crc32(predictorState));
  }
  return { machines: outcomes, exchange: channel === null ? null : reportOf(channel, all), hash: digest.hex() };
}

class Machine {
  readonly index: number;
  readonly endMicros: number;
  readonly refused = new Map<Refusal, number>();
  takenIn = 0;
  readonly #options: MachineOptions;
  readonly #joinsAtMicros: number;
  readonly #run: Run;
  readonly #network: PressurePredictor;
  /** The latest sequence of each sender. */
  readonly #heard = new Map<number, number>();
  #row = 0;
  #sequence = 0;

  constructor(index: number, options: MachineOptions) {
    this.index = index;
    this.#options = options;
    this.#joinsAtMicros = options.joinsAtMicros ?? 0;
    if (!isTicks(this.#joinsAtMicros, 0)) {
      throw new MempredError("INVALID_INPUT", `a machine joins at a tick, not at ${this.#joinsAtMicros} µs`);
    }
    this.endMicros = this.#joinsAtMicros + options.demand.durationMicros;
    this.#run = new Run(options);
    const network = this.#run.signal?.guarded;
    if (!(network instanceof PressurePredictor)) {
      throw new MempredError(
        "INVALID_INPUT",
        `${options.policy} has no network that learns: there is nothing to exchange`,
        {
          expected: "neural",
        },
      );
    }
    this.#network = network;
  }

  get seconds(): number {
    return this.#options.demand.durationMicros / 1_000_000;
  }

  /** What happens up to this tick, and the tick. */
  tick(nowMicros: number): void {
    const local = nowMicros - this.#joinsAtMicros;
    if (!this.#isUp(nowMicros)) return;
    this.#serveUntil(local);
    this.#run.sample(local);
    this.#run.decide(local);
  }

  /** Sends its weights to all others that are up. */
  tellOthers(all: readonly Machine[], channel: LossyChannel, nowMicros: number): void {
    const labels = this.#network.trainedLabels;
    if (!this.#isUp(nowMicros) || labels === 0) return;
    const weights = Float64Array.from(this.#network.weights);
    const message = encodeWeights({ sender: this.index, sequence: ++this.#sequence, labels, weights });
    const bytes = this.#options.garble?.(message) ?? message;
    for (const other of all) if (other !== this && other.#isUp(nowMicros)) channel.send(other.index, bytes, nowMicros);
  }

  takeIn(messages: readonly Uint8Array[], nowMicros: number): void {
    if (messages.length === 0 || !this.#isUp(nowMicros)) return;
    const latest = new Map<number, WeightMessage>();
    for (const bytes of messages) {
      const message = decodeWeights(bytes);
      if (typeof message === "string") {
        this.refused.set(message, (this.refused.get(message) ?? 0) + 1);
        continue;
      }
      if (message.sequence <= (this.#heard.get(message.sender) ?? 0)) continue; // overtaken by a later one
      this.#heard.set(message.sender, message.sequence);
      latest.set(message.sender, message);
    }
    this.takenIn += latest.size;
    averageInto(this.#network.weights, this.#network.trainedLabels, [...latest.values()]);
  }

  finish(): SimulateOutcome {
    this.#serveUntil(Infinity);
    this.#run.close();
    return this.#run.finish();
  }

  #isUp(nowMicros: number): boolean {
    return nowMicros >= this.#joinsAtMicros && nowMicros <= this.endMicros;
  }

  /** Rows before `localMicros`: those of the moment itself come after the tick. */
  #serveUntil(localMicros: number): void {
    const { demand } = this.#options;
    while (this.#row < demand.length && demand.timeMicros[this.#row]! < localMicros) {
      this.#run.serve(this.#row, demand.timeMicros[this.#row]!);
      this.#row++;
    }
  }
}

function isTicks(micros: number, least: number): boolean {
  return Number.isInteger(micros / TICK_MICROS) && micros / TICK_MICROS >= least;
}

function reportOf(channel: LossyChannel, all: readonly Machine[]): ExchangeReport {
  const seconds = all.reduce((sum, one) => sum + one.seconds, 0);
  assert(seconds > 0, "machines run for some time");
  const refused = Object.fromEntries(
    REFUSALS.map((reason) => [reason, all.reduce((sum, one) => sum + (one.refused.get(reason) ?? 0), 0)]),
  ) as Record<Refusal, number>;
  return {
    messages: channel.sent,
    lost: channel.lost,
    sentBytes: channel.sentBytes,
    bytesPerMachineSecond: channel.sentBytes / seconds,
    refused,
    takenIn: all.reduce((sum, one) => sum + one.takenIn, 0),
  };
}
