// Requests that other threads answer, told to the thread that learns from them. A message a request would cost both threads
// microseconds and the learner a turn of its event loop each; here the one who tells writes into a slot of shared memory and goes
// on, and the learner empties the ring a few times a second. Nobody ever waits: when the ring is full a request is not told, and
// the next that is says how many were not.
//
// An item: milliseconds (float64), how many were not told before it (uint32), whether it is a first one (a byte), bytes of the
// user's name (uint16), then user and component in UTF-8.

import { MempredError } from "../../core/errors.ts";
import type { ComponentRequest } from "../../preload/contract.ts";
import { ByteRing } from "../../preload/ring/byte-ring.ts";

const HEAD_BYTES = 15;
const MOST_DRAINED = 256;

export interface RequestFeedOptions {
  /** Called for each request, in the order of their times as far as one emptying goes; times never decrease. */
  readonly receive: (request: ComponentRequest) => void;
  /** Requests that find room, a power of two. Default 4,096. */
  readonly capacity?: number | undefined;
  /** Most bytes of a user's and a component's name together. Default 240. */
  readonly nameBytes?: number | undefined;
  /** How often the ring is emptied once started. Default 50. */
  readonly everyMillis?: number | undefined;
}

/** Of all requests that other threads had to tell. */
export interface FeedCounts {
  received: number;
  /** The ring was full, or the names too long. Those after a thread's last request that was told are not counted. */
  lost: number;
  /** `receive` threw. */
  failed: number;
}

/** The learner's end. */
export class RequestFeed {
  readonly counts: FeedCounts = { received: 0, lost: 0, failed: 0 };
  readonly #ring: ByteRing;
  readonly #receive: (request: ComponentRequest) => void;
  readonly #everyMillis: number;
  readonly #bytes: Uint8Array;
  readonly #lengths = new Int32Array(MOST_DRAINED);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #timer: NodeJS.Timeout | undefined;
  #lastMillis = -Infinity;

  constructor({ receive, capacity = 4096, nameBytes = 240, everyMillis = 50 }: RequestFeedOptions) {
    this.#receive = receive;
    this.#everyMillis = everyMillis;
    this.#ring = ByteRing.create(capacity, HEAD_BYTES + nameBytes);
    this.#bytes = new Uint8Array(MOST_DRAINED * this.#ring.itemBytes);
  }

  /** What a thread needs to tell its requests: `new RequestTeller(buffer)`. */
  get buffer(): SharedArrayBuffer {
    return this.#ring.buffer;
  }

  /** Empties the ring from now on; keeps no process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.drain(), this.#everyMillis).unref();
  }

  /** What is in the ring is received first. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.drain();
  }

  /** Receives what is in the ring, at most as much as has room in it, so that it ends. @returns how many */
  drain(): number {
    const requests: ComponentRequest[] = [];
    while (requests.length < this.#ring.capacity) {
      const count = this.#ring.popMany(this.#bytes, this.#lengths);
      if (count === 0) break;
      for (let i = 0; i < count; i++) {
        const start = i * this.#ring.itemBytes;
        requests.push(this.#decode(this.#bytes.subarray(start, start + (this.#lengths[i] as number))));
      }
    }
    // Threads put their requests into the ring a little after they were made. The sort is stable.
    requests.sort((a, b) => a.atMillis - b.atMillis);
    for (const request of requests) {
      this.#lastMillis = Math.max(this.#lastMillis, request.atMillis);
      this.counts.received++;
      try {
        this.#receive({ ...request, atMillis: this.#lastMillis });
      } catch {
        this.counts.failed++;
      }
    }
    return requests.length;
  }

  #decode(item: Uint8Array): ComponentRequest {
    const view = new DataView(item.buffer, item.byteOffset, item.length);
    this.counts.lost += view.getUint32(8, true);
    const userEnd = HEAD_BYTES + view.getUint16(13, true);
    return {
      atMillis: view.getFloat64(0, true),
      isFirst: item[12] === 1,
      user: this.#decoder.decode(item.subarray(HEAD_BYTES, userEnd)),
      component: this.#decoder.decode(item.subarray(userEnd)),
    };
  }
}

/** The end of a thread that answers requests. */
export class RequestTeller {
  readonly #ring: ByteRing;
  readonly #item: Uint8Array;
  readonly #view: DataView;
  readonly #encoder = new TextEncoder();
  #lost = 0;

  /** @param buffer of the feed. Errors: INVALID_INPUT when it is none. */
  constructor(buffer: SharedArrayBuffer) {
    try {
      this.#ring = ByteRing.attach(buffer);
    } catch (error) {
      throw new MempredError("INVALID_INPUT", "this is not the buffer of a RequestFeed", {}, error);
    }
    this.#item = new Uint8Array(this.#ring.itemBytes);
    this.#view = new DataView(this.#item.buffer);
  }

  /** Requests that were not told since the last one that was. */
  get lostCount(): number {
    return this.#lost;
  }

  /** Never waits and never throws for want of room. @returns false: it was not told. Cost: a microsecond. */
  tell({ component, user = "", atMillis, isFirst = false }: ComponentRequest): boolean {
    const names = this.#item.subarray(HEAD_BYTES);
    const userPart = this.#encoder.encodeInto(user, names);
    const namePart = this.#encoder.encodeInto(component, names.subarray(userPart.written));
    const isWhole = userPart.read === user.length && namePart.read === component.length && userPart.written <= 0xffff;
    if (isWhole) {
      this.#view.setFloat64(0, atMillis, true);
      this.#view.setUint32(8, Math.min(this.#lost, 0xffff_ffff), true);
      this.#item[12] = isFirst ? 1 : 0;
      this.#view.setUint16(13, userPart.written, true);
      const length = HEAD_BYTES + userPart.written + namePart.written;
      if (this.#ring.tryPush(this.#item.subarray(0, length))) {
        this.#lost = 0;
        return true;
      }
    }
    this.#lost++;
    return false;
  }
}
