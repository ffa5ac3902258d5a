// Several heaps behind one set of handles, as the kernel's zones (mm/page_alloc.c): a request names its preferred zone and
// falls back along that zone's list. The zone is in the handle, so each call finds its heap without a search.

import { assert } from "../core/errors.ts";
import { Heap, type HeapOptions, NO_HANDLE } from "./heap.ts";
import { MAX_ZONES, ZONE_SHIFT } from "./layout.ts";

export interface ZoneOptions extends Omit<HeapOptions, "zoneTag"> {
  /** Unique among the zones. */
  readonly name: string;
  /** Names of the zones to try after this one, in order; by default the zones after it in the list, as in the kernel. */
  readonly fallback?: readonly string[];
}

/** Statistics of one zone or of all, in bytes and counts. */
export interface ZoneStatistics {
  readonly name: string;
  readonly capacityBytes: number;
  readonly allocatedBytes: number;
  readonly freeBytes: number;
  readonly usableBytes: number;
  readonly pinnedBytes: number;
  readonly blockCount: number;
  readonly holeCount: number;
  /** U, P and fragmentation of the zone; for the total, of the sums. */
  readonly occupancyRatio: number;
  readonly effectivePressureRatio: number;
  readonly fragmentationRatio: number;
  /** Requests placed in this zone, those that preferred another among them, and requests preferring it that found no zone. */
  readonly placedCount: number;
  readonly fallbackCount: number;
  readonly refusedCount: number;
}

export class ZonedHeap {
  /** The heaps, in the order given; compactors and forecasters work on them one by one. */
  readonly zones: readonly Heap[];
  readonly names: readonly string[];
  readonly #order: readonly Uint8Array[];
  readonly #placed: Float64Array;
  readonly #fallen: Float64Array;
  readonly #refused: Float64Array;

  /** @param options one to eight zones, with unique names. AssertionError for anything else. */
  constructor(options: readonly ZoneOptions[]) {
    assert(options.length >= 1 && options.length <= MAX_ZONES, "a zoned heap has one to eight zones");
    this.names = options.map((zone) => zone.name);
    assert(new Set(this.names).size === options.length, "zone names must be unique");
    this.zones = options.map(
      ({ name: _name, fallback: _fallback, ...heap }, tag) => new Heap({ ...heap, zoneTag: tag }),
    );
    this.#order = options.map((zone, tag) => {
      const others = zone.fallback ?? this.names.slice(tag + 1);
      return Uint8Array.from([tag, ...others.map((name) => this.zoneIndexOf(name))]);
    });
    this.#placed = new Float64Array(options.length);
    this.#fallen = new Float64Array(options.length);
    this.#refused = new Float64Array(options.length);
  }

  /** Index of the zone called `name`; AssertionError if there is none. */
  zoneIndexOf(name: string): number {
    const index = this.names.indexOf(name);
    assert(index >= 0, "unknown zone");
    return index;
  }

  /**
   * Allocates in zone `zone` or else along its fallback list; see Heap.allocate. NO_HANDLE when no zone has a hole. Makes no
   * garbage. Cost: one attempt per zone tried.
   */
  allocate(zone: number, sizeBytes: number, alignBytes = 16, isPinned = false): number {
    const order = this.#order[zone];
    assert(order !== undefined, "unknown zone");
    for (let i = 0; i < order.length; i++) {
      const tag = order[i]!;
      const handle = this.zones[tag]!.allocate(sizeBytes, alignBytes, isPinned);
      if (handle !== NO_HANDLE) {
        this.#placed[tag]!++;
        if (i > 0) this.#fallen[zone]!++;
        return handle;
      }
    }
    this.#refused[zone]!++;
    return NO_HANDLE;
  }

  /** Zone index of a live handle; AssertionError for any other. */
  zoneOf(handle: number): number {
    assert(this.isLive(handle), "stale or foreign handle: no zone has a block of it");
    return handle >>> ZONE_SHIFT;
  }

  /** The heap that holds the block; AssertionError when there is none. */
  heapOf(handle: number): Heap {
    return this.zones[this.zoneOf(handle)]!;
  }

  free(handle: number): void {
    this.heapOf(handle).free(handle);
  }

  /** Resizes within the block's zone; a block does not change zones, as its handle names the zone. */
  resize(handle: number, sizeBytes: number): boolean {
    return this.heapOf(handle).resize(handle, sizeBytes);
  }

  isLive(handle: number): boolean {
    return this.zones[handle >>> ZONE_SHIFT]?.isLive(handle) ?? false;
  }

  /** Statistics of zone `zone`. Makes an object. */
  statisticsOf(zone: number): ZoneStatistics {
    const heap = this.zones[zone];
    assert(heap !== undefined, "unknown zone");
    return summarize(this.names[zone]!, [heap], this.#placed[zone]!, this.#fallen[zone]!, this.#refused[zone]!);
  }

  /** Statistics of all zones together. Makes an object. */
  totalStatistics(): ZoneStatistics {
    const sum = (counts: Float64Array): number => counts.reduce((total, count) => total + count, 0);
    return summarize("total", this.zones, sum(this.#placed), sum(this.#fallen), sum(this.#refused));
  }
}

function summarize(
  name: string,
  heaps: readonly Heap[],
  placedCount: number,
  fallbackCount: number,
  refusedCount: number,
): ZoneStatistics {
  const total = {
    capacityBytes: 0,
    allocatedBytes: 0,
    freeBytes: 0,
    usableBytes: 0,
    pinnedBytes: 0,
    blockCount: 0,
    holeCount: 0,
  };
  for (const heap of heaps) for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += heap[key];
  return {
    name,
    ...total,
    occupancyRatio: total.allocatedBytes / total.capacityBytes,
    effectivePressureRatio: 1 - total.usableBytes / total.capacityBytes,
    fragmentationRatio: total.freeBytes === 0 ? 0 : 1 - total.usableBytes / total.freeBytes,
    placedCount,
    fallbackCount,
    refusedCount,
  };
}
