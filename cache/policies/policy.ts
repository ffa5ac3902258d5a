// The contract between a cache and what decides who leaves it. The cache owns keys, values, times and the *slots* 0, 1, 2, …
// that entries live in; a policy owns only the order among slots, in typed arrays indexed by slot, and may remember keys that
// left by their hash. So one policy serves the simulator (dense integer keys, hash = key) and the cache of a program (any key,
// 32-bit hash), and it never sees a value.
//
// A request is: found → `hit(slot)`. Not found and to be stored → while it does not fit, `evict` names a slot that leaves, then
// `insert`. What leaves for another reason (deleted, expired, shed by the cache itself) → `remove`.

/** No slot: `evict` refuses the newcomer. */
export const NO_SLOT = -1;
/** There is no newcomer: room is made because capacity shrank or memory is short. */
export const NO_KEY = -1;

export interface CachePolicy {
  readonly id: string;

  /** The entry in `slot` was asked for and found. Hot: no garbage. */
  hit(slot: number): void;

  /**
   * Names the slot that leaves so that the newcomer fits, and forgets it (a ghost of it may stay). The caller frees the slot and
   * asks again until the newcomer fits.
   * @param keyHash the newcomer's hash, 0 ≤ hash < 2^32, or NO_KEY
   * @param weight the newcomer's weight in units of the capacity, ≥ 1; 0 with NO_KEY
   * @returns a slot that was resident, or NO_SLOT: the newcomer is not worth a place (never with NO_KEY while any entry is resident)
   */
  evict(keyHash: number, weight: number): number;

  /** The newcomer was put into the free slot `slot`. The sum of weights is then at most the capacity. */
  insert(slot: number, keyHash: number, weight: number): void;

  /** The entry in `slot` left for a reason of the cache's. No ghost stays. */
  remove(slot: number): void;

  /** The capacity became `capacity` units; the caller then evicts with NO_KEY until what is resident fits. */
  resize(capacity: number): void;

  /** There are now slots 0 … slotCount − 1 (never fewer than before). */
  growSlots(slotCount: number): void;

  /** Bytes of the policy's own state, ghosts and sketches included. */
  readonly stateBytes: number;

  /** Walks every structure and throws AssertionError when something is lost or double. `residents` is what the cache holds. Cold. */
  check(residents: ReadonlySet<number>): void;
}

export interface CachePolicyOptions {
  /** Slots to begin with, ≥ 1. */
  readonly slotCount: number;
  /** In units: entries (each weight is 1) or bytes. ≥ 1. */
  readonly capacity: number;
  /** Of the policy's own random stream, where it has one. */
  readonly seed?: number | undefined;
}

export interface CachePolicyDefinition {
  readonly id: string;
  readonly title: string;
  /** Paper or article that it comes from. */
  readonly source: string;
  create(options: CachePolicyOptions): CachePolicy;
}
