// Answers that were made already. The engine gives the same array while nothing has changed; then the bytes are the same too, and
// copying them together anew would be half of what a warm read costs here. One answer a user, so many bytes in all, the oldest leaves
// first; nothing is believed that was made of another array.

import type { RankedItem, Retrieval } from "../engine/preload-engine.ts";
import type { Identity } from "../identity.ts";
import { retrievalBytes } from "./item-view.ts";

interface Made {
  readonly items: readonly RankedItem[];
  readonly servedFrom: Retrieval["servedFrom"];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export class BodyMemo {
  readonly #limitBytes: number;
  readonly #made = new Map<string, Made>();
  #bytes = 0;

  /** @param limitBytes of all answers that are remembered */
  constructor(limitBytes = 16_777_216) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** As retrievalBytes. */
  of(retrieval: Retrieval, identity: Identity): Uint8Array<ArrayBuffer> {
    const { items, servedFrom } = retrieval;
    const before = this.#made.get(identity.userId);
    if (before !== undefined && before.items === items && before.servedFrom === servedFrom) return before.bytes;
    const bytes = retrievalBytes(retrieval, identity);
    this.#forget(identity.userId);
    // What is read from the store is another array next time.
    if (servedFrom !== "preloaded" || bytes.length > this.#limitBytes / 16) return bytes;
    this.#made.set(identity.userId, { items, servedFrom, bytes });
    this.#bytes += bytes.length;
    while (this.#bytes > this.#limitBytes) this.#forget(this.#made.keys().next().value as string);
    return bytes;
  }

  #forget(userId: string): void {
    const made = this.#made.get(userId);
    if (made === undefined) return;
    this.#made.delete(userId);
    this.#bytes -= made.bytes.length;
  }
}
