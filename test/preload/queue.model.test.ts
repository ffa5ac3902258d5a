// The queues against a naive model: one unordered list that is searched and sorted anew for every question. After each operation
// both hold the same entries in the same order, and the integrity walk passes.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QUEUE_NAMES, type QueueName } from "../../preload/contract.ts";
import { type OfferAnswer, type PreloadEntry, PreloadQueues, type PreloadRequest } from "../../preload/queue.ts";
import { runs } from "../runs.ts";
import { request } from "./requests.ts";

class NaiveQueues {
  entries: PreloadEntry[] = [];
  readonly places: Record<QueueName, number>;
  order = "rank";
  sequence = 0;

  constructor(places: Record<QueueName, number>) {
    this.places = { ...places };
  }

  /** Whether a goes before b. */
  before(a: PreloadEntry, b: PreloadEntry): boolean {
    const keys = (one: PreloadEntry): number[] => {
      const rank = [-one.priority, -one.confidence, one.step];
      if (this.order === "rank") return rank;
      return [one.isRequired ? 0 : 1, -(one.confidence * one.loadRatio) / Math.max(1, one.bytes), ...rank];
    };
    const [first, second] = [keys(a), keys(b)];
    const differing = first.findIndex((value, i) => value !== second[i]);
    return differing >= 0 && first[differing]! < second[differing]!;
  }

  of(queue: QueueName): PreloadEntry[] {
    const compare = (a: PreloadEntry, b: PreloadEntry) =>
      this.before(a, b) ? -1 : this.before(b, a) ? 1 : a.sequence - b.sequence;
    return this.entries.filter((one) => one.queue === queue).sort(compare);
  }

  without(entry: PreloadEntry | undefined): void {
    this.entries = this.entries.filter((one) => one !== entry);
  }

  last(queue: QueueName): PreloadEntry | undefined {
    return this.of(queue)
      .filter((one) => !one.isRequired)
      .at(-1);
  }

  /** [has room now, who made way] */
  room(entry: PreloadEntry): [boolean, PreloadEntry | undefined] {
    if (this.of(entry.queue).length < this.places[entry.queue]) return [true, undefined];
    const last = this.last(entry.queue);
    if (last !== undefined && (entry.isRequired || this.before(entry, last))) {
      this.without(last);
      return [true, last];
    }
    return [entry.isRequired, undefined];
  }

  offer(one: PreloadRequest, queue: QueueName, now: number): string {
    const old = this.entries.find((entry) => entry.component === one.component);
    if (old === undefined) {
      const entry = { ...one, queue, atMillis: now, sequence: this.sequence++ };
      const [isThere, displaced] = this.room(entry);
      if (!isThere) return "full";
      this.entries.push(entry);
      return `added ${displaced?.component}`;
    }
    this.without(old);
    const merged = {
      ...(one.confidence > old.confidence ? one : old),
      user: one.user,
      isRequired: old.isRequired || one.isRequired,
      priority: Math.max(old.priority, one.priority),
      step: Math.min(old.step, one.step),
      atMillis: old.atMillis,
      sequence: old.sequence,
    };
    if (QUEUE_NAMES.indexOf(queue) < QUEUE_NAMES.indexOf(old.queue)) {
      const [isThere, displaced] = this.room({ ...merged, queue });
      if (isThere) {
        this.entries.push({ ...merged, queue });
        return `promoted ${displaced?.component}`;
      }
    }
    this.entries.push({ ...merged, queue: old.queue });
    return "merged undefined";
  }
}

const queueName = fc.constantFrom(...QUEUE_NAMES);
const offered = fc.record({
  component: fc.integer({ min: 0, max: 12 }).map((n) => `c${n}`),
  isRequired: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  priority: fc.integer({ min: -1, max: 1 }),
  confidence: fc.integer({ min: 0, max: 4 }).map((n) => n / 4),
  step: fc.constantFrom(1, 2, 3),
  bytes: fc.constantFrom(0, 10, 1000),
  loadRatio: fc.constantFrom(0.5, 1, 3),
});
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("offer" as const), queue: queueName, offered }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), queue: queueName }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), id: fc.integer({ min: 0, max: 12 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("resize" as const),
      queue: queueName,
      places: fc.integer({ min: 0, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("order" as const), order: fc.constantFrom("rank", "benefit") }),
  },
);

function described(answer: OfferAnswer): string {
  return answer.accepted ? `${answer.how} ${answer.displaced?.component}` : answer.reason;
}

describe("preload queues against a naive model (P01 to P03, P06, P20, P41)", () => {
  it("hold the same in the same order after every operation", () => {
    const property = fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
      const places = { immediate: 2, delayed: 3, background: 4 };
      const queues = new PreloadQueues(places);
      const model = new NaiveQueues(places);
      operations.forEach((one, now) => {
        if (one.kind === "offer") {
          const asked = request(one.offered.component, { ...one.offered, user: `u${now % 2}` });
          expect(described(queues.offer(asked, one.queue, now))).toBe(model.offer(asked, one.queue, now));
        } else if (one.kind === "take") {
          const first = model.of(one.queue)[0];
          expect(queues.first(one.queue)).toEqual(first);
          expect(queues.take(one.queue)).toEqual(first);
          model.without(first);
        } else if (one.kind === "cancel") {
          const entry = model.entries.find((other) => other.component === `c${one.id}`);
          expect(queues.cancel(`c${one.id}`)).toEqual(entry);
          model.without(entry);
        } else if (one.kind === "resize") {
          model.places[one.queue] = one.places;
          const fallen: PreloadEntry[] = [];
          while (model.of(one.queue).length > one.places && model.last(one.queue) !== undefined) {
            fallen.push(model.last(one.queue)!);
            model.without(fallen.at(-1));
          }
          expect(queues.resize(one.queue, one.places)).toEqual(fallen);
        } else if (one.kind === "clear") {
          const cleared = model.entries.filter((entry) => !entry.isRequired);
          expect(new Set(queues.clearSpeculative())).toEqual(new Set(cleared));
          model.entries = model.entries.filter((entry) => entry.isRequired);
        } else {
          queues.setOrder(one.order as "rank" | "benefit");
          model.order = one.order;
        }
        queues.check();
        for (const name of QUEUE_NAMES) expect(queues.entriesOf(name)).toEqual(model.of(name));
      });
    });
    fc.assert(property, { numRuns: runs(150) }); // what fails is printed with its seed and path
  });
});
