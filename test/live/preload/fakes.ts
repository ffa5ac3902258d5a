// What preloader tests share: a model that expects what it is told, a router that sends everything to one queue, a loader that the
// test ends by hand.

import type {
  ComponentCost,
  ComponentRequest,
  ExpectedComponent,
  NextComponentModel,
  PreloadOutcome,
  PreloadRouter,
  QueueName,
} from "../../../preload/contract.ts";

/** Expects, after a component, what it was told to. */
export class ScriptedModel implements NextComponentModel {
  readonly id = "scripted";
  readonly stateBytes = 1000;
  readonly observed: ComponentRequest[] = [];
  readonly next = new Map<string, ExpectedComponent[]>();
  readonly #last = new Map<string, string>();

  after(component: string, ...expected: (string | ExpectedComponent)[]): this {
    const all = expected.map((one) => (typeof one === "string" ? expectedOf(one) : one));
    this.next.set(component, all);
    return this;
  }

  observe(request: ComponentRequest): void {
    this.observed.push(request);
    this.#last.set(request.user ?? "", request.component);
  }

  expect(user: string): ExpectedComponent[] {
    return this.next.get(this.#last.get(user) ?? "") ?? [];
  }
}

export function expectedOf(component: string, said: Partial<ExpectedComponent> = {}): ExpectedComponent {
  return { component, step: 1, confidence: 0.9, source: "scripted", ...said };
}

/** Sends all to one queue, and keeps what it was told. */
export class FixedRouter implements PreloadRouter {
  readonly id = "fixed";
  queue: QueueName | undefined;
  price = 0;
  readonly settled: [component: string, outcome: PreloadOutcome, heldSeconds: number, bytes: number][] = [];
  readonly costs: [component: string, cost: ComponentCost][] = [];

  constructor(queue: QueueName | undefined = "immediate") {
    this.queue = queue;
  }

  route(expected: ExpectedComponent, cost: ComponentCost): QueueName | undefined {
    this.costs.push([expected.component, cost]);
    return this.price === Infinity ? undefined : this.queue;
  }

  setPrice(price: number): void {
    this.price = price;
  }

  settle(expected: ExpectedComponent, outcome: PreloadOutcome, heldSeconds: number, bytes: number): void {
    this.settled.push([expected.component, outcome, heldSeconds, bytes]);
  }
}

export interface HeldLoad {
  readonly component: string;
  readonly isSpeculative: boolean;
  readonly signal: AbortSignal;
  resolve(value?: string): void;
  reject(error: unknown): void;
}

/** A loader whose loads end when the test says so. */
export class HeldLoader {
  readonly calls: HeldLoad[] = [];

  readonly load = (
    component: string,
    { signal, isSpeculative }: { readonly signal: AbortSignal; readonly isSpeculative: boolean },
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      this.calls.push({
        component,
        isSpeculative,
        signal,
        resolve: (value = `value of ${component}`) => resolve(value),
        reject,
      });
    });

  get names(): string[] {
    return this.calls.map((call) => call.component);
  }

  /** The latest load of a component. */
  of(component: string): HeldLoad {
    return this.calls.filter((call) => call.component === component).at(-1) as HeldLoad;
  }
}
