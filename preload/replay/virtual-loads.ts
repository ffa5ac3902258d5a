// Loads in virtual time: demand loads begin at once and beside everything else; preloads wait in the three queues for one of the
// three workers of their queue. What has finished is told in the order in which it finished.

import { QUEUE_NAMES, type QueueName } from "../contract.ts";
import { PreloadQueues, type PreloadRequest } from "../queue.ts";

/** P04: workers of each queue. */
const WORKERS = 3;

export interface Flight {
  readonly component: string;
  readonly finishesAt: number;
  /** The queue whose worker it keeps; undefined: a demand load. */
  readonly queue: QueueName | undefined;
  /** Who proposed it; undefined: a demand load. */
  readonly source: string | undefined;
}

export interface LoadEvents {
  /** A worker takes it up. @returns false: not needed any more, the worker takes the next one */
  begin(entry: PreloadRequest): boolean;
  arrive(flight: Flight): void;
}

export class VirtualLoads {
  readonly queues = new PreloadQueues();
  /** By the time they finish, then by the time they began. */
  readonly #flights: Flight[] = [];
  readonly #busy: Record<QueueName, number> = { immediate: 0, delayed: 0, background: 0 };
  readonly #loadMillis: number;
  readonly #events: LoadEvents;

  constructor(loadMillis: number, events: LoadEvents) {
    this.#loadMillis = loadMillis;
    this.#events = events;
  }

  get flightCount(): number {
    return this.#flights.length;
  }

  find(component: string): Flight | undefined {
    return this.#flights.find((flight) => flight.component === component);
  }

  /** Somebody needs it now and it is neither there nor under way. @returns when it will be there */
  demand(component: string, nowMillis: number): number {
    return this.#fly({ component, queue: undefined, source: undefined }, nowMillis);
  }

  /** Lets everything happen that finishes by `nowMillis`. */
  advance(nowMillis: number): void {
    while (this.#flights.length > 0 && this.#flights[0]!.finishesAt <= nowMillis) {
      const flight = this.#flights.shift()!;
      if (flight.queue !== undefined) this.#busy[flight.queue]--;
      this.#events.arrive(flight);
      this.start(flight.finishesAt);
    }
  }

  /** Free workers take up what waits. */
  start(nowMillis: number): void {
    for (const queue of QUEUE_NAMES) {
      while (this.#busy[queue] < WORKERS) {
        const entry = this.queues.take(queue);
        if (entry === undefined) break;
        if (!this.#events.begin(entry)) continue;
        this.#busy[queue]++;
        this.#fly({ component: entry.component, queue, source: entry.source }, nowMillis);
      }
    }
  }

  #fly(flight: Omit<Flight, "finishesAt">, nowMillis: number): number {
    const finishesAt = nowMillis + this.#loadMillis;
    // All loads take the same time, so the last to begin is the last to finish.
    this.#flights.push({ ...flight, finishesAt });
    return finishesAt;
  }
}
