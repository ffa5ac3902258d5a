// Blocks by the name the file gives them, an address or an id that may come back: each allocation gets a fresh id. Real
// recordings start late and miss calls, so a name that does not fit is counted and repaired, not refused; trep alone is
// strict and does without this.

import { CLASS_UNSET, LEAST_ALIGN_LOG2, MOVABILITY_UNSET } from "./raw-trace.ts";
import type { TraceSink } from "./trace-sink.ts";

/** How a file names a block. Addresses are numbers < 2^53. */
export type BlockKey = number | string;

/** The live blocks of one recording. Sizes are checked by the caller (`TraceSink.checkSize`). */
export class LiveKeys {
  readonly #sink: TraceSink;
  readonly #idOfKey = new Map<BlockKey, number>();

  constructor(sink: TraceSink) {
    this.#sink = sink;
  }

  /** An allocation. If `key` is live, its free was missed: the old block is freed first. */
  allocate(
    key: BlockKey,
    sizeBytes: number,
    lineNumber: number,
    alignLog2 = LEAST_ALIGN_LOG2,
    requestClass = CLASS_UNSET,
    movability = MOVABILITY_UNSET,
    tenant = 0,
  ): void {
    const old = this.#idOfKey.get(key);
    if (old !== undefined) {
      this.#sink.warn("missed-free", lineNumber);
      this.#sink.free(old, tenant);
    }
    this.#idOfKey.set(key, this.#sink.allocate(sizeBytes, alignLog2, requestClass, movability, tenant));
  }

  /** A reallocation that may change the block's name. Of an unknown block it is an allocation. */
  resize(
    oldKey: BlockKey,
    newKey: BlockKey,
    sizeBytes: number,
    lineNumber: number,
    requestClass = CLASS_UNSET,
    tenant = 0,
  ): void {
    const id = this.#idOfKey.get(oldKey);
    if (id === undefined) {
      this.#sink.warn("resize-of-unknown", lineNumber);
      this.allocate(newKey, sizeBytes, lineNumber, LEAST_ALIGN_LOG2, requestClass, MOVABILITY_UNSET, tenant);
      return;
    }
    if (newKey !== oldKey) {
      this.#idOfKey.delete(oldKey);
      const squatter = this.#idOfKey.get(newKey);
      if (squatter !== undefined) {
        this.#sink.warn("missed-free", lineNumber);
        this.#sink.free(squatter, tenant);
      }
      this.#idOfKey.set(newKey, id);
    }
    this.#sink.resize(id, sizeBytes, requestClass, tenant);
  }

  /** A free. Of an unknown block it does nothing. */
  free(key: BlockKey, lineNumber: number, tenant = 0): void {
    const id = this.#idOfKey.get(key);
    if (id === undefined) {
      this.#sink.warn("free-of-unknown", lineNumber);
      return;
    }
    this.#idOfKey.delete(key);
    this.#sink.free(id, tenant);
  }
}
