// Which components a user will ask for next: a sequence model over what each user asked for and one over what all did, mixed by
// how well each did for this user, and looked ahead with step by step: step 2 conditions on each likely step 1.

import { SequenceHistory } from "../../cache/sequence-history.ts";
import { Predictions, SequenceModel } from "../../cache/sequence-model.ts";
import { SymbolTable } from "../../cache/symbol-table.ts";
import type { ComponentRequest, ExpectedComponent, NextComponentModel } from "../contract.ts";

export interface NextComponentPredictorOptions {
  /** Components known at a time, 8 to 65,536; those not seen for longest are forgotten. Default 4,096. */
  readonly componentCount?: number | undefined;
  /** Users known at a time, 1 to 16,384. Default 1,000. */
  readonly userCount?: number | undefined;
  /** Longest context in requests, 2 to 6. Default 4. */
  readonly order?: number | undefined;
  /** Contexts remembered, a power of two. Default 32,768. */
  readonly nodeCount?: number | undefined;
}

/** Step 1 is followed into this many of its likeliest components, each of these pairs into as many again. */
const BEAM = 5;
const CANDIDATES = 16;
const SHARED = 0;

interface UserState {
  readonly own: SequenceHistory;
  readonly shared: SequenceHistory;
  /** Share of the own statistics, 0..1. */
  ownShare: number;
}

export class NextComponentPredictor implements NextComponentModel {
  readonly id = "next-component";
  readonly #components: SymbolTable;
  readonly #users: SymbolTable;
  readonly #model: SequenceModel;
  readonly #states: (UserState | undefined)[];
  readonly #noSymbols: Uint8Array;
  readonly #noSpaces: Uint8Array;
  readonly #found = new Predictions(CANDIDATES);

  constructor(options: NextComponentPredictorOptions = {}) {
    const { componentCount = 4096, userCount = 1000, order = 4, nodeCount = 32_768 } = options;
    this.#components = new SymbolTable(componentCount);
    this.#users = new SymbolTable(userCount);
    this.#model = new SequenceModel({
      spaceCount: userCount + 1,
      symbolCount: componentCount,
      order,
      nodeCount,
      successorCount: CANDIDATES,
    });
    this.#states = new Array<UserState | undefined>(userCount).fill(undefined);
    this.#noSymbols = new Uint8Array(componentCount);
    this.#noSpaces = new Uint8Array(userCount + 1);
  }

  get stateBytes(): number {
    return this.#model.stateBytes + 9 * (this.#components.capacity + this.#users.capacity) + 160 * this.#users.count;
  }

  observe(request: ComponentRequest): void {
    const state = this.#stateOf(request.user ?? "");
    const symbol = this.#symbolOf(request.component);
    if (request.isFirst === true) {
      state.own.clear();
      state.shared.clear();
      this.#model.invalidate();
    }
    const own = this.#model.probabilityOf(state.own, symbol) + 1e-4;
    const shared = this.#model.probabilityOf(state.shared, symbol) + 1e-4;
    const share = (state.ownShare * own) / (state.ownShare * own + (1 - state.ownShare) * shared);
    state.ownShare = 0.02 * 0.5 + 0.98 * share;
    this.#model.observe(state.shared, symbol);
    this.#model.observe(state.own, symbol);
  }

  expect(user: string, _atMillis: number, stepCount: 1 | 2 | 3, count: number): ExpectedComponent[] {
    const slot = this.#users.find(user);
    const state = slot < 0 ? undefined : this.#states[slot];
    if (state === undefined) return [];
    const best = new Map<number, { step: 1 | 2 | 3; confidence: number }>();
    let paths: { own: SequenceHistory; shared: SequenceHistory; probability: number }[] = [
      { own: state.own, shared: state.shared, probability: 1 },
    ];
    for (let step = 1; step <= stepCount; step++) {
      const totals = new Map<number, number>();
      const next: { from: number; symbol: number; probability: number }[] = [];
      paths.forEach((path, from) => {
        for (const [symbol, chance] of this.#next(path.own, path.shared, state.ownShare)) {
          const probability = chance * path.probability;
          totals.set(symbol, (totals.get(symbol) ?? 0) + probability);
          next.push({ from, symbol, probability });
        }
      });
      for (const [symbol, probability] of totals) {
        if (probability > (best.get(symbol)?.confidence ?? 0)) {
          best.set(symbol, { step: step as 1 | 2 | 3, confidence: Math.min(1, probability) });
        }
      }
      if (step === stepCount) break;
      next.sort((a, b) => b.probability - a.probability);
      paths = next.slice(0, BEAM).map(({ from, symbol, probability }) => {
        const own = new SequenceHistory(0);
        const shared = new SequenceHistory(0);
        own.copyFrom(paths[from]!.own);
        shared.copyFrom(paths[from]!.shared);
        own.push(symbol);
        shared.push(symbol);
        return { own, shared, probability };
      });
    }
    return [...best]
      .sort(([, a], [, b]) => b.confidence - a.confidence || a.step - b.step)
      .slice(0, count)
      .map(([symbol, { step, confidence }]) => ({
        component: this.#components.text(symbol),
        step,
        confidence,
        source: "sequence",
      }));
  }

  #next(own: SequenceHistory, shared: SequenceHistory, ownShare: number): Map<number, number> {
    const found = this.#found;
    const next = new Map<number, number>();
    for (const [history, share] of [
      [own, ownShare],
      [shared, 1 - ownShare],
    ] as const) {
      this.#model.invalidate();
      this.#model.predict(history, CANDIDATES, found);
      for (let i = 0; i < found.count; i++) {
        const symbol = found.symbols[i]!;
        next.set(symbol, (next.get(symbol) ?? 0) + share * found.probabilities[i]!);
      }
    }
    return next;
  }

  #stateOf(user: string): UserState {
    if (this.#users.find(user) < 0 && this.#users.isFull) {
      this.#users.retire();
      this.#noSpaces.set(this.#users.dead, 1);
      this.#model.purge(this.#noSymbols, this.#noSpaces);
      this.#users.dead.forEach((isDead, slot) => {
        if (isDead === 1) this.#states[slot] = undefined;
      });
    }
    const slot = this.#users.intern(user);
    return (this.#states[slot] ??= {
      own: new SequenceHistory(slot + 1),
      shared: new SequenceHistory(SHARED),
      ownShare: 0.5,
    });
  }

  #symbolOf(component: string): number {
    if (this.#components.find(component) < 0 && this.#components.isFull) {
      this.#components.retire();
      const isAlive = (symbol: number) => this.#components.dead[symbol] === 0;
      for (const state of this.#states) {
        state?.own.retain(isAlive);
        state?.shared.retain(isAlive);
      }
      this.#noSpaces.fill(0);
      this.#model.purge(this.#components.dead, this.#noSpaces);
    }
    return this.#components.intern(component);
  }
}
