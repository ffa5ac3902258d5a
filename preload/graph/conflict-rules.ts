// Which components cannot be loaded together: two that exclude each other, or two that fill the same slot, such as two versions of
// one component. Symmetric, and about components only: who wins is the business of the plan.

import { assert } from "../../core/errors.ts";

const NOTHING: ReadonlySet<string> = new Set();

export class ConflictRules {
  readonly #excluded = new Map<string, Set<string>>();
  readonly #slots = new Map<string, string>();

  /** The two are never loaded together. */
  exclude(one: string, other: string): void {
    assert(one !== other, "conflict rules: a component cannot exclude itself");
    this.#add(one, other);
    this.#add(other, one);
  }

  /** At most one of the components in a slot is loaded. A component is in one slot; the last call counts. */
  putInSlot(component: string, slot: string): void {
    this.#slots.set(component, slot);
  }

  /** What was said of this component is forgotten. */
  remove(component: string): void {
    this.#slots.delete(component);
    for (const other of this.excludedBy(component)) this.#excluded.get(other)?.delete(component);
    this.#excluded.delete(component);
  }

  slotOf(component: string): string | undefined {
    return this.#slots.get(component);
  }

  /** Components that this one excludes by name; others in its slot are not among them. */
  excludedBy(component: string): ReadonlySet<string> {
    return this.#excluded.get(component) ?? NOTHING;
  }

  areRivals(one: string, other: string): boolean {
    if (one === other) return false;
    const slot = this.slotOf(one);
    return this.excludedBy(one).has(other) || (slot !== undefined && slot === this.slotOf(other));
  }

  #add(one: string, other: string): void {
    const excluded = this.#excluded.get(one);
    if (excluded === undefined) this.#excluded.set(one, new Set([other]));
    else excluded.add(other);
  }
}
