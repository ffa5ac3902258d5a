// A cache without values around a policy, for tests: it hands out slots, keeps the weights and walks the policy's structures.

import { expect } from "vitest";
import { type CachePolicy, NO_KEY, NO_SLOT } from "../../../cache/policies/policy.ts";

export class PolicyHarness {
  readonly policy: CachePolicy;
  readonly slotOf = new Map<number, number>();
  readonly keyOf = new Map<number, number>();
  readonly weightOf = new Map<number, number>();
  capacity: number;
  used = 0;
  #free: number[] = [];
  #slotCount: number;
  /** Told each victim of the policy's, NO_KEY when it refused. */
  onVictim: (victim: number, newcomer: number, weight: number) => void = () => {};

  constructor(
    create: (options: { slotCount: number; capacity: number }) => CachePolicy,
    slotCount: number,
    capacity: number,
  ) {
    this.policy = create({ slotCount, capacity });
    this.capacity = capacity;
    this.#slotCount = slotCount;
    for (let slot = 0; slot < slotCount; slot++) this.#free.push(slot);
  }

  /** @returns whether the key was found */
  request(key: number, weight: number): boolean {
    const slot = this.slotOf.get(key);
    if (slot !== undefined) {
      this.policy.hit(slot);
      return true;
    }
    if (weight > this.capacity || !this.#evictUntil(key, weight)) return false;
    if (this.#free.length === 0) this.grow(this.#slotCount * 2);
    const at = this.#free.pop() as number;
    this.slotOf.set(key, at);
    this.keyOf.set(at, key);
    this.weightOf.set(key, weight);
    this.used += weight;
    this.policy.insert(at, key, weight);
    return false;
  }

  remove(key: number): boolean {
    const slot = this.slotOf.get(key);
    if (slot === undefined) return false;
    this.policy.remove(slot);
    this.#forget(slot);
    return true;
  }

  resize(capacity: number): void {
    this.capacity = capacity;
    this.policy.resize(capacity);
    this.#evictUntil(NO_KEY, 0);
  }

  grow(slotCount: number): void {
    for (let slot = this.#slotCount; slot < slotCount; slot++) this.#free.push(slot);
    this.#slotCount = slotCount;
    this.policy.growSlots(slotCount);
  }

  check(): void {
    this.policy.check(new Set(this.keyOf.keys()));
    expect(this.used).toBeLessThanOrEqual(this.capacity);
    expect(this.keyOf.size + this.#free.length).toBe(this.#slotCount);
  }

  #evictUntil(key: number, weight: number): boolean {
    while (this.used + weight > this.capacity) {
      const slot = this.policy.evict(key, weight);
      this.onVictim(slot === NO_SLOT ? NO_KEY : (this.keyOf.get(slot) ?? Number.NaN), key, weight);
      if (slot === NO_SLOT) {
        expect(key, "with no newcomer a policy may not refuse").not.toBe(NO_KEY);
        return false;
      }
      expect(this.keyOf.has(slot), "the victim was resident").toBe(true);
      this.#forget(slot);
    }
    return true;
  }

  #forget(slot: number): void {
    const key = this.keyOf.get(slot) as number;
    this.keyOf.delete(slot);
    this.slotOf.delete(key);
    this.used -= this.weightOf.get(key) as number;
    this.#free.push(slot);
  }
}
