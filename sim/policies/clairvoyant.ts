// Knows the trace: the yardstick for what forecasts can be worth under real costs and limits. It rehearses the next moments
// on a copy of the heap. As long as runs that start as late as they can, one before each request that cannot wait, leave
// nobody denied, that is what it does: by a gathering if one serves as well, else by a pack. Where such a plan denies
// someone (the cooldown, the limit of runs or a pin stand in the way) it looks again and again for a run that, started
// now, leaves fewer denied. Reclaimable cache it sheds ahead of need.
//
// A bound in the sense that no policy may know what it knows; not proved optimal, as it looks a limited time ahead.

import { OP_FREE } from "../../core/demand.ts";
import { MICROS_PER_MILLI, MICROS_PER_SECOND } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import { PACK_WORTH_RATIO, type PlannedRun, Rehearsal } from "../clairvoyant.ts";
import { RUN_PROACTIVE } from "../compaction-runner.ts";
import { type DemandFacts, demandFacts } from "../demand-facts.ts";
import type { Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

/** How far the rehearsals look. */
const HORIZON_MICROS = 300 * MICROS_PER_MILLI;
/** Where a plan denies someone, how often another is looked for. */
const RETHINK_MICROS = 15 * MICROS_PER_MILLI;
/** Shedding takes time: it is asked for as soon as the room is needed within this, and asked about this often. */
const SHED_HORIZON_MICROS = 2 * MICROS_PER_SECOND;
const SHED_INTERVAL_MICROS = 50 * MICROS_PER_MILLI;
/** Share of the arena that is kept free beyond that, so that there is room to move blocks into. */
const SHED_SPARE_RATIO = 0.04;
/** Cost of a plan in which somebody is denied is over this; without, there is only work. */
const DENIAL_COST = 0.4;
/** How far ahead a run makes room for all that comes, in µs. */
const REACHES_MICROS = [60_000, 200_000];
const SPARE_MICROS = 60_000;
/** Bytes that a gathering may move for each byte of hole beyond what it is for. */
const WORTH_RATIO = 16;

export const clairvoyant: PolicyDefinition = {
  id: "clairvoyant",
  title: "clairvoyant",
  description: "knows the trace: runs just before they are needed, rehearsed on a copy of the heap",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: true,
  pairedWith: null,
  compactor: "quick",
  proactiveCompactor: "pack",
  create: (world) => new Foresight(world),
};

class Foresight implements Policy {
  wakeMicros = Infinity;
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  readonly #facts: DemandFacts;
  readonly #rehearsal: Rehearsal;
  /** For each row the row before it that set the length of its id, −1: none. */
  readonly #previous: Int32Array;
  /** What was rehearsed holds until then, as long as nothing else happens: no run, nothing shed. */
  #validUntil = -1;
  #seenRuns = 0;
  #seenSheds = 0;
  #nextShedMicros = 0;

  constructor(world: PolicyWorld) {
    const { arena, demand } = world;
    this.#world = world;
    this.#arena = arena;
    this.#facts = demandFacts(demand);
    this.#rehearsal = new Rehearsal(arena, demand, "quick");
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
    if (arena.runner.isActive || arena.hasWaiting) {
      this.#validUntil = -1;
      this.wakeMicros = arena.nextEventMicros < Infinity ? Math.max(nowMicros + 1, arena.nextEventMicros) : Infinity;
      return;
    }
    const isAsSeen = this.#seenRuns === arena.runner.runs && this.#seenSheds === arena.shrinker.shedBlocks;
    if (isAsSeen && nowMicros < this.#validUntil) return;
    this.#seenRuns = arena.runner.runs;
    this.#seenSheds = arena.shrinker.shedBlocks;
    this.#think(nowMicros);
    if (arena.runner.isActive) {
      this.#validUntil = -1;
      this.wakeMicros = Math.max(nowMicros + 1, arena.nextEventMicros);
    } else {
      this.#validUntil = Math.max(this.#validUntil, nowMicros + 1);
      this.wakeMicros = this.#validUntil;
    }
  }

  /** Chooses: a run now, or none until #validUntil. */
  #think(nowMicros: number): void {
    const rehearsal = this.#rehearsal;
    const from = this.#world.nextRow;
    const until = nowMicros + HORIZON_MICROS;
    // Runs on demand make room for those who come next, too.
    this.#arena.spareHoleBytes = rehearsal.needBytes(from, nowMicros + SPARE_MICROS);
    const passive = rehearsal.rehearse(from, nowMicros, until, null, true);
    const passiveCost = passive.cost;
    const { nextRunMicros, nextRunRow } = passive;
    if (nextRunRow < 0 && passiveCost < DENIAL_COST) {
      this.#validUntil = nowMicros + HORIZON_MICROS / 2;
      return;
    }
    const isDue = nextRunRow >= 0 && nextRunMicros <= nowMicros;
    if (!isDue && passiveCost < DENIAL_COST) {
      this.#validUntil = nextRunMicros;
      return;
    }
    const mayRunAt = this.#mayRunMicros(nowMicros);
    this.#validUntil = Math.max(
      mayRunAt,
      isDue ? nowMicros + RETHINK_MICROS : Math.min(nextRunMicros, nowMicros + RETHINK_MICROS),
    );
    if (mayRunAt > nowMicros) return;
    let best: PlannedRun | null = null;
    let bestCost = isDue ? Infinity : passiveCost - DENIAL_COST;
    for (const plan of this.#plans(nextRunRow < 0 ? from : nextRunRow, nowMicros)) {
      const { cost, isGain } = rehearsal.rehearse(from, nowMicros, until, plan, true);
      if (!isGain || cost >= bestCost) continue;
      bestCost = cost;
      best = plan;
      if (cost < DENIAL_COST) break;
    }
    // Nothing that starts now is better than what can start later, if only by those who wait.
    if (best === null || (isDue && bestCost > passiveCost + DENIAL_COST)) return;
    const verdict = this.#arena.startProactive("foresight", best.goalBytes, Infinity, nowMicros, 0, best);
    if (verdict !== "started") return;
    this.#world.log.record(
      nowMicros,
      "predictor",
      "compact",
      `${best.compactor}: ${best.goalBytes} B will be needed`,
      false,
    );
  }

  /** Runs worth trying when one is wanted for the request of `row`, the least work first. */
  #plans(row: number, nowMicros: number): PlannedRun[] {
    const { heap } = this.#arena;
    const own = this.#facts.lengthBytes[row]!;
    const plans: PlannedRun[] = [];
    const add = (compactor: "gather" | "pack", goalBytes: number, wishBytes: number): void => {
      if (goalBytes > 0 && goalBytes <= heap.freeBytes)
        plans.push({
          compactor,
          goalBytes,
          wishBytes,
          worthRatio: compactor === "pack" ? PACK_WORTH_RATIO : WORTH_RATIO,
        });
    };
    if (heap.largestHole() < own) add("gather", own, own);
    for (const reach of REACHES_MICROS) {
      const wish = Math.min(heap.freeBytes, this.#rehearsal.needBytes(row, nowMicros + reach));
      if (wish > Math.max(own, heap.largestHole())) add("gather", Math.max(own, heap.largestHole() + 16), wish);
    }
    add("pack", Math.min(heap.freeBytes, Math.max(own, 16)), heap.freeBytes);
    return plans;
  }

  /** When the cooldown and the limit let it start a run. */
  #mayRunMicros(nowMicros: number): number {
    const { runner, limiter } = this.#arena;
    const isCooling = runner.kind === RUN_PROACTIVE && runner.endedMicros >= 0;
    const cool = isCooling ? runner.endedMicros + limiter.limits.proactiveCooldownMicros : 0;
    return Math.max(nowMicros, cool, limiter.nextAdmissionMicros(nowMicros));
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
    const lacking = Math.ceil(peak + SHED_SPARE_RATIO * arena.heap.capacityBytes) - arena.heap.freeBytes;
    if (lacking > 0) arena.shed(lacking, nowMicros);
  }
}
