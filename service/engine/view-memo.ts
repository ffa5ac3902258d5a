// Views in this process, so that the text of a list is not parsed for each read. Bounded in bytes, the longest unused leaves first;
// a tenant of memory like any cache. It decides nothing: whoever takes a view from it checks its origin and its age.

import type { PressureTenant } from "../../core/pressure.ts";
import type { UserView } from "./user-view.ts";

export class ViewMemo implements PressureTenant {
  readonly id = "preload-views";
  readonly limitBytes: number;
  #budgetBytes: number;
  #bytes = 0;
  /** The longest unused first. */
  readonly #views = new Map<string, UserView>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.#budgetBytes = limitBytes;
  }

  get count(): number {
    return this.#views.size;
  }

  get(userId: string): UserView | undefined {
    const view = this.#views.get(userId);
    if (view === undefined) return undefined;
    this.#views.delete(userId);
    this.#views.set(userId, view);
    return view;
  }

  /** Without its counting as a use. */
  peek(userId: string): UserView | undefined {
    return this.#views.get(userId);
  }

  set(view: UserView): void {
    this.delete(view.userId);
    if (view.bytes > this.#budgetBytes) return;
    this.#views.set(view.userId, view);
    this.#bytes += view.bytes;
    this.#shrink(this.#budgetBytes);
  }

  delete(userId: string): void {
    const view = this.#views.get(userId);
    if (view === undefined) return;
    this.#views.delete(userId);
    this.#bytes -= view.bytes;
  }

  clear(): void {
    this.#views.clear();
    this.#bytes = 0;
  }

  countBytes(): number {
    return this.#bytes;
  }

  shed(bytes: number): number {
    const before = this.#bytes;
    this.#shrink(Math.max(0, before - bytes));
    return before - this.#bytes;
  }

  setBudgetRatio(ratio: number): void {
    this.#budgetBytes = this.limitBytes * ratio;
    this.#shrink(this.#budgetBytes);
  }

  /** Whether anything is loaded ahead is asked of the governor. */
  setPrefetchPrice(): void {}

  #shrink(mostBytes: number): void {
    for (const userId of this.#views.keys()) {
      if (this.#bytes <= mostBytes) return;
      this.delete(userId);
    }
  }
}
