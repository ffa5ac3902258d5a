// What each forecaster costs: bytes as the code states them, nanoseconds as measured here and now. Every policy's forecaster is
// fed the same recorded minutes, requests, frees and ticks, round after round in turns, and the fastest round
// counts. These are
// wall-clock figures: they are the only ones in an evaluation, say on what they were measured, and are in no digest.

import { arch, cpus, platform } from "node:os";
import { performance } from "node:perf_hooks";
import { type Demand, OP_FREE } from "../core/demand.ts";
import { assert } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { blockLength, DEFAULT_CAPACITY_BYTES, MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import { WorkloadClassifier } from "../predictor/workload-class.ts";
import { getScenario } from "../scenarios/registry.ts";
import { type FreeListener, hearsOfFrees } from "../sim/free-watch.ts";
import { allPolicies } from "../sim/policies/registry.ts";
import { signalNamed } from "../sim/signals.ts";
import { Run } from "../sim/simulate.ts";
import type { ForecasterCost, ForecasterCosts } from "../sim/suite/evaluation.ts";

const RECORDED_SECONDS = 120;
const ROUNDS = 7;
const FORECASTS = 500;
const FORECAST_STRETCHES = 40;

/** Rows of the tape, one a request, a free or a tick. */
interface Tape {
  readonly kind: Uint8Array; // 0 request, 1 free, 2 tick
  readonly nowMicros: Float64Array;
  readonly lengthBytes: Float64Array; // of a tick: the largest hole
  readonly what: Uint8Array; // class of a request
  readonly tenant: Uint8Array;
  readonly occupancy: Float64Array; // of a free: the age, µs
  readonly pressure: Float64Array;
  length: number;
}

/** Measures all forecasters of policies that are no perfect ones. Cost: seconds. */
export function measureForecasterCosts(rounds = ROUNDS): ForecasterCosts {
  const demand = getScenario("steady").generate({
    pressureRatio: 0.95,
    seed: 1,
    durationMicros: RECORDED_SECONDS * MICROS_PER_SECOND,
    ratePerSecond: 100,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
  });
  const tape = record(demand);
  const policies = allPolicies().filter((policy) => policy.signal !== null && policy.signal !== "perfect");
  const best = policies.map(() => ({ request: Infinity, tick: Infinity, forecast: Infinity }));
  const subjects = policies.map(({ id }) => new Run({ demand, policy: id, seed: 1 }).signal!.guarded);
  for (let round = 0; round < rounds; round++) {
    policies.forEach(({ id }, i) => {
      // A fresh one each round, so that each sees the same minutes for the first time.
      const subject = round === 0 ? subjects[i]! : new Run({ demand, policy: id, seed: 1 }).signal!.guarded;
      const classifier = id === "class-aware" ? new WorkloadClassifier() : null;
      const { request, tick, forecast } = measure(subject, tape, classifier);
      const least = best[i]!;
      least.request = Math.min(least.request, request);
      least.tick = Math.min(least.tick, tick);
      least.forecast = Math.min(least.forecast, forecast);
    });
  }
  const rows = policies.map(({ id, signal, stateBytes = 0 }, i): ForecasterCost => {
    const definition = signalNamed(signal!);
    return {
      policy: id,
      forecaster: subjects[i]!.id,
      parameters: definition.parameters?.() ?? null,
      stateBytes: subjects[i]!.stateBytes,
      isInArena: definition.stateBytes > 0,
      controllerBytes: stateBytes,
      requestNanos: Math.round(best[i]!.request),
      tickNanos: Math.round(best[i]!.tick),
      forecastNanos: Math.round(best[i]!.forecast),
    };
  });
  const processor = cpus()[0]?.model.trim() || "an unnamed processor";
  return { measuredOn: `Node ${process.version}, ${platform()} ${arch()}, ${processor}`, rows };
}

/** Medians over the stretches between ticks, so that what interrupts a stretch does not count. */
function measure(subject: Forecaster, tape: Tape, classifier: WorkloadClassifier | null) {
  const frees: FreeListener | null = hearsOfFrees(subject) ? subject : null;
  const requestTimes: number[] = [];
  const tickTimes: number[] = [];
  const clockTimes: number[] = [];
  let requests = 0;
  let from = performance.now();
  for (let row = 0; row < tape.length; row++) {
    const now = tape.nowMicros[row]!;
    if (tape.kind[row] === 2) {
      const middle = performance.now();
      if (requests > 0) requestTimes.push((middle - from) / requests);
      requests = 0;
      const start = performance.now();
      clockTimes.push(start - middle);
      subject.sampleHeap?.(tape.lengthBytes[row]!, 20, 1024);
      subject.tick(now, tape.occupancy[row]!, tape.pressure[row]!, false);
      classifier?.tick();
      tickTimes.push(performance.now() - start);
      from = performance.now();
    } else if (tape.kind[row] === 1) {
      frees?.observeFree(tape.lengthBytes[row]!, tape.occupancy[row]!, tape.tenant[row]!);
    } else {
      requests++;
      subject.observeRequest?.(now, tape.lengthBytes[row]!, tape.what[row]!, tape.tenant[row]!);
      subject.observe(now, tape.occupancy[row]!, tape.pressure[row]!);
      classifier?.observeRequest(tape.lengthBytes[row]!, tape.what[row]!);
    }
  }
  const last = tape.nowMicros[tape.length - 1]!;
  const forecastTimes: number[] = [];
  let sum = 0;
  for (let stretch = 0; stretch < FORECAST_STRETCHES; stretch++) {
    from = performance.now();
    for (let i = 0; i < FORECASTS; i++) sum += subject.forecast(last);
    forecastTimes.push((performance.now() - from) / FORECASTS);
  }
  assert(sum - sum === 0, "every forecast is a number");
  const nanos = (millis: number) => 1e6 * Math.max(0, millis);
  return {
    request: nanos(median(requestTimes)),
    tick: nanos(median(tickTimes) - median(clockTimes)),
    forecast: nanos(median(forecastTimes)),
  };
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1]!;
}

/** What a forecaster beside an arena that compacts on demand is told. */
function record(demand: Demand): Tape {
  const run = new Run({ demand, policy: "reactive:quick", seed: 1 });
  const { arena } = run;
  const most = demand.length + Math.ceil(demand.durationMicros / TICK_MICROS) + 1;
  const tape = {
    kind: new Uint8Array(most),
    nowMicros: new Float64Array(most),
    lengthBytes: new Float64Array(most),
    what: new Uint8Array(most),
    tenant: new Uint8Array(most),
    occupancy: new Float64Array(most),
    pressure: new Float64Array(most),
    length: 0,
  };
  const born = new Float64Array(demand.idCount);
  const lengths = new Float64Array(demand.idCount);
  let tickMicros = 0;
  for (let row = 0; row < demand.length; row++) {
    const now = demand.timeMicros[row]!;
    for (; tickMicros <= now; tickMicros += TICK_MICROS) {
      run.sample(tickMicros);
      run.decide(tickMicros);
      const at = tape.length++;
      tape.kind[at] = 2;
      tape.nowMicros[at] = tickMicros;
      tape.lengthBytes[at] = arena.heap.largestHole();
      tape.occupancy[at] = arena.occupancyRatio();
      tape.pressure[at] = arena.pressureRatio();
    }
    run.serve(row, now);
    const id = demand.id[row]!;
    const at = tape.length++;
    tape.nowMicros[at] = now;
    tape.tenant[at] = demand.tenant[row]!;
    if (demand.kind[row] === OP_FREE) {
      tape.kind[at] = 1;
      tape.lengthBytes[at] = lengths[id]!;
      tape.occupancy[at] = now - born[id]!;
      continue;
    }
    lengths[id] = blockLength(demand.sizeBytes[row]!);
    born[id] = now;
    tape.lengthBytes[at] = lengths[id];
    tape.what[at] = demand.requestClass[row]!;
    tape.occupancy[at] = arena.occupancyRatio();
    tape.pressure[at] = arena.pressureRatio();
  }
  return tape;
}
