// Replays requests through a policy: a cache without values. Keys are dense integers, so that a typed array finds the slot of a
// key, and the hash that a policy gets is the key. A request that misses is stored, unless the policy refuses or it is larger
// than the whole cache. After Caffeine's simulator: what was counted is counted again at the end from what is resident.

import { assert } from "../core/errors.ts";
import type {
  CacheBoundDefinition,
  CachePolicy,
  CachePolicyDefinition,
  ClairvoyantPolicy,
  RequestTrace,
} from "./policies/policy.ts";
import { NO_SLOT } from "./policies/policy.ts";
import { isBound } from "./policies/registry.ts";

const FIRST_SLOTS = 1024;
const NOT_HERE = -1;

export interface ReplayOptions {
  /** Entries where the trace has no weights, else the weights' unit (bytes). A whole number ≥ 1. */
  readonly capacity: number;
  /** Keys are 0 … keyCount − 1; found by a walk over the trace when absent. */
  readonly keyCount?: number | undefined;
  /** Of the policy's random stream, where it has one. Default 1. */
  readonly seed?: number | undefined;
}

export interface ReplayResult {
  readonly policy: string;
  readonly capacity: number;
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /** hits / requests, 0 without requests. */
  readonly hitRatio: number;
  readonly evictions: number;
  /** Misses that were not stored: refused by the policy or larger than the cache. */
  readonly refused: number;
  /** Weight of what was asked for and of what was found; equal to requests and hits without weights. */
  readonly requestedUnits: number;
  readonly hitUnits: number;
  readonly residents: number;
  /** State of the policy at the end, in bytes. */
  readonly stateBytes: number;
}

/**
 * Replays a whole trace. Time: O(1) a request plus what the policy takes; 4 bytes a key and 8 a slot beside its state.
 * @throws AssertionError for a weight of 0, a key out of range, or a policy that loses or doubles a slot
 */
export function replayCache(
  definition: CachePolicyDefinition | CacheBoundDefinition,
  trace: RequestTrace,
  options: ReplayOptions,
): ReplayResult {
  const { keys, weights } = trace;
  const { capacity } = options;
  assert(Number.isSafeInteger(capacity) && capacity >= 1, "replay: capacity is a whole number, 1 or more");
  assert(weights === undefined || weights.length === keys.length, "replay: one weight a request");
  const keyCount = options.keyCount ?? countOfKeys(keys);
  const slotCount = weights === undefined ? Math.max(1, Math.min(capacity, keyCount)) : FIRST_SLOTS;
  const policyOptions = { slotCount, capacity, seed: options.seed };
  const clairvoyant: ClairvoyantPolicy | null = isBound(definition)
    ? definition.createBound(policyOptions, trace)
    : null;
  const policy = clairvoyant ?? (definition as CachePolicyDefinition).create(policyOptions);
  const cache = new ReplayedCache(policy, keyCount, slotCount, capacity);
  for (let index = 0; index < keys.length; index++) {
    if (clairvoyant !== null) clairvoyant.at(index);
    cache.request(keys[index] as number, weights === undefined ? 1 : (weights[index] as number));
  }
  return cache.finish(definition.id);
}

class ReplayedCache {
  readonly #policy: CachePolicy;
  readonly #capacity: number;
  readonly #slotOfKey: Int32Array;
  #keyOfSlot: Uint32Array;
  #weightOfSlot: Uint32Array;
  /** A stack of free slots. */
  #freeSlots: Int32Array;
  #freeCount = 0;
  #usedUnits = 0;
  #requests = 0;
  #hits = 0;
  #inserts = 0;
  #evictions = 0;
  #refused = 0;
  #requestedUnits = 0;
  #hitUnits = 0;

  constructor(policy: CachePolicy, keyCount: number, slotCount: number, capacity: number) {
    this.#policy = policy;
    this.#capacity = capacity;
    this.#slotOfKey = new Int32Array(keyCount).fill(NOT_HERE);
    this.#keyOfSlot = new Uint32Array(slotCount);
    this.#weightOfSlot = new Uint32Array(slotCount);
    this.#freeSlots = new Int32Array(slotCount);
    for (let slot = slotCount - 1; slot >= 0; slot--) this.#freeSlots[this.#freeCount++] = slot;
  }

  request(key: number, weight: number): void {
    assert(key < this.#slotOfKey.length, "replay: a key is out of range");
    assert(weight >= 1, "replay: a weight is 1 or more");
    this.#requests++;
    this.#requestedUnits += weight;
    const found = this.#slotOfKey[key] as number;
    if (found !== NOT_HERE) {
      this.#hits++;
      this.#hitUnits += weight;
      this.#policy.hit(found);
    } else if (weight > this.#capacity || !this.#makeRoom(key, weight)) {
      this.#refused++;
    } else {
      this.#store(key, weight);
    }
  }

  finish(policyId: string): ReplayResult {
    const residents = new Set<number>();
    let units = 0;
    for (let key = 0; key < this.#slotOfKey.length; key++) {
      const slot = this.#slotOfKey[key] as number;
      if (slot === NOT_HERE) continue;
      assert(this.#keyOfSlot[slot] === key && !residents.has(slot), "replay: two keys in one slot");
      residents.add(slot);
      units += this.#weightOfSlot[slot] as number;
    }
    assert(units === this.#usedUnits && units <= this.#capacity, "replay: what is resident does not add up");
    assert(this.#inserts - this.#evictions === residents.size, "replay: an entry was lost");
    assert(this.#hits + this.#inserts + this.#refused === this.#requests, "replay: a request was lost");
    assert(residents.size + this.#freeCount === this.#keyOfSlot.length, "replay: a slot was lost");
    this.#policy.check(residents);
    return {
      policy: policyId,
      capacity: this.#capacity,
      requests: this.#requests,
      hits: this.#hits,
      misses: this.#requests - this.#hits,
      hitRatio: this.#requests === 0 ? 0 : this.#hits / this.#requests,
      evictions: this.#evictions,
      refused: this.#refused,
      requestedUnits: this.#requestedUnits,
      hitUnits: this.#hitUnits,
      residents: residents.size,
      stateBytes: this.#policy.stateBytes,
    };
  }

  #makeRoom(key: number, weight: number): boolean {
    while (this.#usedUnits + weight > this.#capacity) {
      const slot = this.#policy.evict(key, weight);
      if (slot === NO_SLOT) return false;
      const victim = this.#keyOfSlot[slot] as number;
      assert(this.#slotOfKey[victim] === slot, "replay: a policy evicted a slot that is free");
      this.#slotOfKey[victim] = NOT_HERE;
      this.#usedUnits -= this.#weightOfSlot[slot] as number;
      this.#freeSlots[this.#freeCount++] = slot;
      this.#evictions++;
    }
    return true;
  }

  #store(key: number, weight: number): void {
    if (this.#freeCount === 0) this.#grow();
    const slot = this.#freeSlots[--this.#freeCount] as number;
    this.#slotOfKey[key] = slot;
    this.#keyOfSlot[slot] = key;
    this.#weightOfSlot[slot] = weight;
    this.#usedUnits += weight;
    this.#inserts++;
    this.#policy.insert(slot, key, weight);
  }

  #grow(): void {
    const before = this.#keyOfSlot.length;
    const after = before * 2;
    const keyOfSlot = new Uint32Array(after);
    keyOfSlot.set(this.#keyOfSlot);
    const weightOfSlot = new Uint32Array(after);
    weightOfSlot.set(this.#weightOfSlot);
    this.#keyOfSlot = keyOfSlot;
    this.#weightOfSlot = weightOfSlot;
    this.#freeSlots = new Int32Array(after);
    for (let slot = after - 1; slot >= before; slot--) this.#freeSlots[this.#freeCount++] = slot;
    this.#policy.growSlots(after);
  }
}

function countOfKeys(keys: Uint32Array): number {
  let largest = -1;
  for (let index = 0; index < keys.length; index++)
    if ((keys[index] as number) > largest) largest = keys[index] as number;
  return largest + 1;
}
