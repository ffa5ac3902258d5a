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

  /**
   * Writes resident slots into `out`, the coldest first (about in the order in which `evict(NO_KEY, 0)` would name them), and
   * changes nothing: so a cache under pressure may pass over what it protects. Cost: O(out.length), in some policies O(residents).
   * @returns how many were written: the smaller of `out.length` and the number of residents
   */
  candidates(out: Int32Array): number;

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

/** A policy that a cache can run: it learns only from what was asked for so far. */
export interface CachePolicyDefinition {
  readonly id: string;
  readonly title: string;
  /** Paper or article that it comes from. */
  readonly source: string;
  create(options: CachePolicyOptions): CachePolicy;
}

/** What is asked for, in order; `weights[i]` is what key `keys[i]` weighs if request i puts it in (all 1 where there are none). */
export interface RequestTrace {
  readonly keys: Uint32Array;
  readonly weights?: Uint32Array | undefined;
}

/** A policy that knows the trace. Whoever replays says before each request which one it is. */
export interface ClairvoyantPolicy extends CachePolicy {
  /** Request `requestIndex` of the trace comes next. */
  at(requestIndex: number): void;
}

/** A bound: what a policy could do that knew the future. Only a replay can run it. */
export interface CacheBoundDefinition {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  createBound(options: CachePolicyOptions, trace: RequestTrace): ClairvoyantPolicy;
}
