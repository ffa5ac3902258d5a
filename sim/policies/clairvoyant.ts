// Knows the trace: the yardstick for what forecasts can be worth under real costs and limits. Before anything that is to come
// fails, it rehearses the next moments on a copy of the heap: with no run now but the latest possible ones before each need,
// with requests that may wait left to start their own, and, where both of those deny someone, with a run at once, for
// several goals. It does what the best rehearsal began with and looks again at every request, so runs are placed
// latest-first and moved forward only where the limits leave no other way. It sheds reclaimable cache ahead of need, too.
//
// A bound in the sense that no policy may know what it knows; not proved optimal, as it looks a limited time ahead.

import { type Compactor, createCompactor } from "../../allocator/compactor.ts";
import { NO_HANDLE } from "../../allocator/heap.ts";
import { OP_FREE } from "../../core/demand.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import { LEAD_MICROS, Rehearsal } from "../clairvoyant.ts";
import { RUN_PROACTIVE } from "../compaction-runner.ts";
import { type DemandFacts, demandFacts } from "../demand-facts.ts";
import type { Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

/** How far the rehearsals look. */
const HORIZON_MICROS = 300 * MICROS_PER_MILLI;
/** What is asked first, since it is cheap: whether all requests so far ahead fit into the largest hole. */
const GLANCE_MICROS = 120 * MICROS_PER_MILLI;
/** Shedding takes time: it is asked for as soon as the room is needed within this, and asked about this often. */
const SHED_HORIZON_MICROS = 2 * MICROS_PER_SECOND;
const SHED_INTERVAL_MICROS = 50 * MICROS_PER_MILLI;
/** Cost of a plan in which somebody is denied is over this; without, there is only work. */
const DENIAL_COST = 0.25;
const LEAVES = [false, true];

export const clairvoyant: PolicyDefinition = {
  id: "clairvoyant",
  title: "clairvoyant",
  description: "knows the trace: runs just before they are needed, rehearsed on a copy of the heap",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: true,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create: (world) => new Foresight(world),
};

class Foresight implements Policy {
  wakeMicros = Infinity;
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  readonly #facts: DemandFacts;
  readonly #rehearsal: Rehearsal;
  readonly #trial: Compactor;
  /** For each row the row before it that set the length of its id, −1: none. */
  readonly #previous: Int32Array;
  /** When the runs of the last second started. */
  readonly #starts: number[] = [];
  #runs = 0;
  #nextShedMicros = 0;
  readonly #holes: Int32Array;

  constructor(world: PolicyWorld) {
    const { arena, demand } = world;
    this.#world = world;
    this.#arena = arena;
    this.#facts = demandFacts(demand);
    this.#rehearsal = new Rehearsal(arena, demand, "slide");
    this.#trial = createCompactor("evacuate", arena.heap);
    this.#holes = new Int32Array(arena.heap.slotCapacity);
    this.#previous = new Int32Array(demand.length);
    const last = new Int32Array(demand.idCount).fill(-1);
    for (let row = 0; row < demand.length; row++) {
      const id = demand.id[row]!;
      this.#previous[row] = last[id]!;
      last[id] = demand.kind[row] === OP_FREE ? -1 : row;
    }
  }

  onTick(nowMicros: number): void {
    if (nowMicros === 0) this.#look(nowMicros);
  }

  onAllocation(nowMicros: number): void {
    this.#shedAhead(nowMicros);
    this.#look(nowMicros);
  }

  onWake(nowMicros: number): void {
    this.wakeMicros = Infinity;
    this.#look(nowMicros);
  }

  #look(nowMicros: number): void {
    const arena = this.#arena;
    this.wakeMicros = Infinity;
    this.#noteStarts(nowMicros);
    if (arena.runner.isActive || arena.hasWaiting) {
      if (arena.nextEventMicros < Infinity) this.wakeMicros = Math.max(nowMicros + 1, arena.nextEventMicros);
      return;
    }
    const row = this.#findFailure(nowMicros);
    if (row < 0) return;
    const startMicros = this.#world.demand.timeMicros[row]! - LEAD_MICROS;
    if (nowMicros < startMicros) this.wakeMicros = startMicros;
    else this.#act(row, nowMicros);
  }

  /**
   * The first row to come that would find no hole, −1: none within the glance, or before the next request if that is later.
   * Holes are taken by the best fit, what is freed becomes a hole of its own: near enough to tell when to look closely.
   */
  #findFailure(nowMicros: number): number {
    const { heap, servedAtMicros } = this.#arena;
    const { timeMicros, kind, length } = this.#world.demand;
    const { lengthBytes } = this.#facts;
    const from = this.#world.nextRow;
    const until = nowMicros + GLANCE_MICROS;
    if (this.#rehearsal.needBytes(from, until) <= heap.largestHole()) return -1;
    const holes = this.#holes;
    let count = 0;
    heap.forEachBlock((_address, bytes, handle) => {
      if (handle === NO_HANDLE && count < holes.length) holes[count++] = bytes;
    });
    holes.subarray(0, count).sort();
    /** Puts a hole in its place by length among the first `end`, of which the last is free. */
    const insert = (bytes: number, end: number): void => {
      let at = end;
      while (at > 0 && holes[at - 1]! > bytes) {
        holes[at] = holes[at - 1]!;
        at--;
      }
      holes[at] = bytes;
    };
    let freeBytes = heap.freeBytes;
    let seen = 0;
    for (let row = from; row < length && (timeMicros[row]! <= until || seen === 0); row++) {
      const before = this.#previous[row]!;
      const isHeld = before >= 0 && (before >= from || servedAtMicros[before]! >= 0);
      if (kind[row] === OP_FREE) {
        if (!isHeld || count === holes.length) continue;
        insert(lengthBytes[before]!, count++);
        freeBytes += lengthBytes[before]!;
        continue;
      }
      seen++;
      const need = lengthBytes[row]!;
      if (isHeld && need <= lengthBytes[before]!) continue;
      let at = 0;
      while (at < count && holes[at]! < need) at++;
      if (at < count) {
        insert(holes[at]! - need, at);
        freeBytes -= need;
      } else if (need <= freeBytes) return row;
    }
    return -1;
  }

  /** A run would be wanted now for `row`: which one, or none, is best for all that comes behind it? */
  #act(row: number, nowMicros: number): void {
    const arena = this.#arena;
    const rehearsal = this.#rehearsal;
    const from = this.#world.nextRow;
    const admitted = arena.limiter.nextAdmissionMicros(nowMicros);
    const cool = this.#coolMicros();
    if (admitted > nowMicros || cool > nowMicros) {
      this.wakeMicros = Math.max(nowMicros + 1, admitted, cool);
      return;
    }
    const until = nowMicros + HORIZON_MICROS;
    let best = Infinity;
    let bestGoal = 0;
    for (const goalBytes of rehearsal.goals(row, nowMicros)) {
      if (!rehearsal.isFeasible(this.#trial, goalBytes)) continue;
      for (const leavesWaiting of LEAVES) {
        const { cost } = rehearsal.rehearse(
          from,
          nowMicros,
          until,
          this.#starts,
          { kind: "evacuate", goalBytes },
          leavesWaiting,
        );
        if (cost >= best) continue;
        best = cost;
        bestGoal = goalBytes;
        if (best < DENIAL_COST) break;
      }
      if (best < DENIAL_COST) break;
    }
    if (best >= DENIAL_COST) {
      const { cost } = rehearsal.rehearse(from, nowMicros, until, this.#starts, null, true);
      if (cost < best) return;
    }
    if (bestGoal === 0) return;
    if (arena.startProactive("foresight", bestGoal, Infinity, nowMicros, 0) !== "started") return;
    this.#noteStarts(nowMicros);
    this.#world.log.record(nowMicros, "predictor", "compact", `a hole of ${bestGoal} B will be needed`, false);
    if (arena.nextEventMicros < Infinity) this.wakeMicros = Math.max(nowMicros + 1, arena.nextEventMicros);
  }

  /** The end of the cooldown. */
  #coolMicros(): number {
    const { runner, limiter } = this.#arena;
    const isCooling = runner.kind === RUN_PROACTIVE && runner.endedMicros >= 0;
    return isCooling ? runner.endedMicros + limiter.limits.proactiveCooldownMicros : 0;
  }

  /** Keeps account of the starts of the last second. */
  #noteStarts(nowMicros: number): void {
    const { runner } = this.#arena;
    const starts = this.#starts;
    while (this.#runs < runner.runs) {
      starts.push(runner.startedMicros);
      this.#runs++;
    }
    while (starts.length > 0 && nowMicros - starts[0]! >= MICROS_PER_SECOND) starts.shift();
  }

  /** Sheds what the next seconds will need beyond what is free. */
  #shedAhead(nowMicros: number): void {
    const arena = this.#arena;
    if (arena.shrinker.countBytes() <= 0 || nowMicros < this.#nextShedMicros) return;
    this.#nextShedMicros = nowMicros + SHED_INTERVAL_MICROS;
    const { timeMicros, kind, length } = this.#world.demand;
    const { lengthBytes } = this.#facts;
    const from = this.#world.nextRow;
    let net = 0;
    let peak = 0;
    for (let row = from; row < length && timeMicros[row]! <= nowMicros + SHED_HORIZON_MICROS; row++) {
      const before = this.#previous[row]!;
      const isHeld = before >= 0 && (before >= from || arena.servedAtMicros[before]! >= 0);
      const held = isHeld ? lengthBytes[before]! : 0;
      net += (kind[row] === OP_FREE ? 0 : lengthBytes[row]!) - held;
      if (net > peak) peak = net;
    }
    const { freeBytes } = arena.heap;
    if (peak > freeBytes) arena.shed(peak - freeBytes, nowMicros);
  }
}
