// Anything in any order: requests that give up, entries scheduled and cancelled, levels, prices and budgets, loads that end well,
// fail, throw, hang, listen to their signal or do not. Whatever happens (P45): each request ends with its value or its own error, what
// is required is loaded, nothing is leased or loading at rest, the accounts add up, and no rejection is left over.

import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { PRESSURE_LEVELS } from "../../../core/pressure.ts";
import { RandomStream } from "../../../core/random.ts";
import { ComponentPreloader } from "../../../live/preload/component-preloader.ts";
import type { ComponentRequest, ExpectedComponent, NextComponentModel } from "../../../preload/contract.ts";
import { QUEUE_NAMES } from "../../../preload/contract.ts";
import { DependencyGraph } from "../../../preload/graph/dependency-graph.ts";
import { ThresholdRouter } from "../../../preload/routers/thresholds.ts";
import { runs } from "../../runs.ts";

const COMPONENTS = 16;
const TIMEOUT_MILLIS = 300;
const nameOf = (index: number) => `c${index % COMPONENTS}`;
const indexOf = (name: string) => Number(name.slice(1));

/** Each needs up to two of those with a higher number: no cycles. */
function graphOf(random: RandomStream): DependencyGraph {
  const graph = new DependencyGraph();
  for (let i = 0; i < COMPONENTS; i++) {
    const needed: string[] = [];
    for (let n = 0; n < 2; n++) if (random.chance(0.15)) needed.push(`c${random.between(i + 1, COMPONENTS)}`);
    graph.add(nameOf(i), needed);
  }
  return graph;
}

/** Expects the next three, sometimes rightly. */
class NextNumbers implements NextComponentModel {
  readonly id = "next numbers";
  readonly stateBytes = 0;
  readonly #last = new Map<string, number>();
  readonly #random: RandomStream;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  observe(request: ComponentRequest): void {
    this.#last.set(request.user ?? "", indexOf(request.component));
  }

  expect(user: string): ExpectedComponent[] {
    const last = this.#last.get(user) ?? 0;
    return ([1, 2, 3] as const).map((step) => ({
      component: nameOf(last + step),
      step,
      confidence: this.#random.next(),
      source: `step ${step}`,
    }));
  }
}

/** What a load does is drawn when it begins. */
function loaderOf(random: RandomStream) {
  const calls: string[] = [];
  const load = (component: string, { signal }: { readonly signal: AbortSignal }): string | Promise<string> => {
    calls.push(component);
    const fate = random.next();
    if (fate < 0.05) throw new Error(`thrown by ${component}`);
    if (fate < 0.15) return `value of ${component}`;
    const millis = random.between(0, 120);
    const isListening = random.chance(0.5);
    return new Promise((resolve, reject) => {
      if (isListening) signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      if (fate < 0.25) return; // hangs
      const end =
        fate < 0.4 ? () => reject(new Error(`rejected by ${component}`)) : () => resolve(`value of ${component}`);
      setTimeout(end, millis);
    });
  };
  return { calls, load };
}

/** The error is about what was asked for, or about something that it needs. */
function isOwnError(component: string, error: unknown, reason: unknown, graph: DependencyGraph): boolean {
  if (error === reason) return true;
  if (!(error instanceof MempredError)) return false;
  if (error.code === "DEPENDENCY_FAILED") {
    const cause = error.cause as MempredError;
    const needed = graph.closure([component]).slice(1);
    return needed.some((one) => isOwnError(one, cause, undefined, new DependencyGraph()));
  }
  if (error.code === "CANCELLED") return reason === "closing";
  if (error.code !== "LOAD_FAILED") return false;
  return error.details["reason"] === "timeout"
    ? error.message.includes(`"${component}"`)
    : /by (c\d+)$/.exec((error.cause as Error).message)?.[1] === component;
}

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
beforeEach(() => {
  process.on("unhandledRejection", note);
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
  process.off("unhandledRejection", note);
});

async function play(seed: number): Promise<{ requests: number; preloads: number; dropped: number }> {
  const random = new RandomStream(seed, "preloader-play");
  const graph = graphOf(random);
  const { calls, load } = loaderOf(new RandomStream(seed, "preloader-loads"));
  const preloader = new ComponentPreloader<string>({
    load,
    dependencies: graph,
    model: new NextNumbers(new RandomStream(seed, "preloader-model")),
    router: new ThresholdRouter(),
    nowMillis: () => Date.now(),
    durationMillis: () => Date.now(),
    estimateBytes: (_value, component) => 50 + indexOf(component),
    isPatient: random.chance(0.5),
    max: random.between(2, COMPONENTS + 4),
    maxSize: random.between(200, 2000),
    ttl: random.chance(0.3) ? 200 : 0,
    speculativeRatio: random.next(),
    inFlightBytes: random.between(0, 20_000),
    places: { immediate: random.between(0, 3), delayed: random.between(0, 3), background: random.between(0, 4) },
    workers: { immediate: random.between(1, 3), delayed: random.between(0, 2), background: random.between(0, 2) },
    loadTimeoutMillis: TIMEOUT_MILLIS,
    protectMillis: random.between(0, 100),
  });
  const answers: Promise<void>[] = [];
  let [asked, settled] = [0, 0];
  /** Required entries: how many calls there had been, and whether it was cancelled. */
  const required: { component: string; calls: number; isCancelled: boolean }[] = [];
  let isClosing = false;
  const ask = (component: string): void => {
    const controller = random.chance(0.3) ? new AbortController() : undefined;
    if (controller !== undefined) setTimeout(() => controller.abort("gave up"), random.between(0, 150));
    asked++;
    const answer = preloader.get(component, { user: `u${random.integer(3)}`, signal: controller?.signal }).then(
      (value) => expect(value).toBe(`value of ${component}`),
      (error) => {
        const reason = controller?.signal.aborted ? controller.signal.reason : isClosing ? "closing" : undefined;
        expect(isOwnError(component, error, reason, graph), `${component}: ${String(error)}`).toBe(true);
      },
    );
    answers.push(answer.then(() => void settled++));
  };
  const steps = random.between(20, 90);
  for (let step = 0; step < steps; step++) {
    const component = nameOf(random.integer(COMPONENTS));
    const kind = random.next();
    if (kind < 0.35) ask(component);
    else if (kind < 0.44) {
      const isRequired = random.chance(0.5);
      const answer = preloader.schedule(component, {
        isRequired,
        priority: random.between(-2, 2),
        queue: random.chance(0.3) ? QUEUE_NAMES[random.integer(3)] : undefined,
      });
      if (isRequired && answer.accepted) required.push({ component, calls: calls.length, isCancelled: false });
      if (isRequired && !answer.accepted) expect(["present", "loading"]).toContain(answer.reason);
    } else if (kind < 0.48) {
      preloader.cancel(component);
      for (const one of required) if (one.component === component) one.isCancelled = true;
    } else if (kind < 0.54) preloader.setLevel(PRESSURE_LEVELS[random.chance(0.6) ? 0 : random.integer(5)]!);
    else if (kind < 0.56) preloader.setPrefetchPrice(random.chance(0.3) ? Infinity : 0);
    else if (kind < 0.58) preloader.setBudgetRatio(random.next());
    else if (kind < 0.6) preloader.shed(random.integer(300));
    else if (kind < 0.62) preloader.delete(component);
    else if (kind < 0.64) preloader.resize(QUEUE_NAMES[random.integer(3)]!, { places: random.integer(5) });
    else await vi.advanceTimersByTimeAsync(random.integer(60));
    preloader.check();
  }
  if (random.chance(0.5)) {
    // To rest: calm, workers everywhere, time enough for every load to end or to be given up.
    preloader.setLevel("LOW");
    preloader.setPrefetchPrice(0);
    for (const queue of QUEUE_NAMES) preloader.resize(queue, { workers: 3 });
    await vi.advanceTimersByTimeAsync(20 * TIMEOUT_MILLIS);
    for (const one of required) {
      const isLoaded = calls.slice(one.calls).includes(one.component) || preloader.has(one.component);
      const isHopeless = graph.closure([one.component]).length > 1; // what it needs may have failed
      expect(isLoaded || one.isCancelled || isHopeless || calls.includes(one.component), one.component).toBe(true);
    }
    await preloader.idle();
    const { queues } = preloader.statistics();
    expect(QUEUE_NAMES.map((name) => queues[name].waiting)).toEqual([0, 0, 0]);
  } else {
    isClosing = true;
    const closing = preloader.close({ graceMillis: random.integer(200) });
    await vi.advanceTimersByTimeAsync(250);
    await closing;
  }
  await Promise.all(answers);
  expect(settled).toBe(asked);
  preloader.check();
  const { memory, loads, leases, requests, hits, misses, preloads, dropped, troubles } = preloader.statistics();
  expect(memory.leasedBytes).toBe(0);
  expect(loads.inFlight).toBe(0);
  expect(leases.granted).toBe(leases.released + leases.rolledBack + leases.expired);
  expect(requests).toBe(asked);
  expect(hits + misses).toBe(requests);
  expect(preloads.underWay).toBe(0);
  expect(preloads.begun).toBe(preloads.inTime + preloads.late + preloads.wasted + preloads.failed + preloads.held);
  expect(troubles).toBe(0);
  await preloader.close({ graceMillis: 0 }).catch(() => undefined);
  return { requests, preloads: preloads.begun, dropped: Object.values(dropped).reduce((sum, one) => sum + one, 0) };
}

it("P45: whatever happens, each request ends, what is required is loaded, and everything adds up", async () => {
  const sums = { requests: 0, preloads: 0, dropped: 0 };
  const property = fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async (seed) => {
    const played = await play(seed); // what fails is printed with its seed
    for (const name of ["requests", "preloads", "dropped"] as const) sums[name] += played[name];
  });
  await fc.assert(property, { numRuns: runs(30) });
  expect(sums.requests).toBeGreaterThan(300);
  expect(sums.preloads).toBeGreaterThan(60);
  expect(sums.dropped).toBeGreaterThan(60);
  vi.useRealTimers();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
}, 30_000);
