// The generator: walks through the arrivals of a plan and decides who dies to make room, so that the demanded bytes follow
// the level's table. Independent arrivals with independent lives would swing by several points of capacity at a few
// hundred blocks; here each block draws how much volume is allocated before it is due, and before an arrival of length L
// the blocks with the least due ages die until demanded + L fits under the ceiling of the moment. The order of deaths
// is that of the drawn lives; only their clock is bent. Frees are spread over the gap since the arrival before.
//
// The ceiling is the table plus a correction: demand lies under its ceiling by the slack that the granularity of blocks
// leaves, and an integral term learns that slack in a few seconds, so that the mean over the run is the level in a
// single pass.

import { type Demand, DemandBuilder, FLAG_RECLAIMABLE } from "../core/demand.ts";
import { RandomStream } from "../core/random.ts";
import { blockLength, MICROS_PER_MILLI, MICROS_PER_SECOND } from "../core/units.ts";
import { ArrivalProcess } from "./arrivals.ts";
import { Births } from "./births.ts";
import { DueHeap } from "./due-heap.ts";
import { Labels } from "./labels.ts";
import { CELL_MICROS, type Plan } from "./plan.ts";

/** Time constant with which the slack is learned. */
const CORRECTION_MICROS = 2 * MICROS_PER_SECOND;
/** The correction stays within this share of the level. */
const MOST_CORRECTION_SHARE = 0.1;

export class Generator {
  readonly #plan: Plan;
  readonly #births: Births;
  readonly #labels: Labels;
  readonly #deaths: RandomStream;
  readonly #out = new DemandBuilder();
  // The plan's figures that the walk looks at for each arrival.
  readonly #poolBytes: readonly Float64Array[];
  readonly #meanBytes: Float64Array;
  readonly #totalBytes: Float64Array;
  readonly #poolOfTenant: Uint8Array;
  readonly #isReclaimable: Uint8Array;
  readonly #peakBytes: number;
  readonly #heldPeakBytes: number;
  readonly #mostCorrectionBytes: number;

  // One entry a block, by id.
  #lengths: Uint32Array;
  #tenants: Uint8Array;
  #nextId = 0;

  // One entry a pool: blocks that die to make room, in the order of their due volumes; live bytes; volume so far.
  readonly #byVolume: readonly DueHeap[];
  readonly #liveBytes: Float64Array;
  readonly #volumeBytes: Float64Array;
  // Blocks that die at a stated time.
  readonly #byClock = new DueHeap();
  #demandedBytes = 0;
  #heldBytes = 0;

  // The deaths of the gap before the arrival at hand: by the clock, with their times, and to make room.
  #clockIds = new Uint32Array(64);
  #clockMicros = new Float64Array(64);
  #clockCount = 0;
  #roomIds = new Uint32Array(64);
  #roomCount = 0;

  #lastMicros = 0;
  #gapBytes = 0; // the demanded bytes at #lastMicros
  #correctionBytes: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#births = new Births(plan);
    this.#labels = new Labels(plan);
    this.#deaths = new RandomStream(plan.options.seed, "deaths");
    this.#poolBytes = plan.level.poolBytes;
    this.#meanBytes = plan.level.meanBytes;
    this.#totalBytes = sumTables(plan.level.poolBytes);
    this.#poolOfTenant = Uint8Array.from(plan.tenants, (tenant) => tenant.pool);
    this.#isReclaimable = new Uint8Array(plan.level.poolBytes.length);
    for (const tenant of plan.tenants) if (tenant.isReclaimable) this.#isReclaimable[tenant.pool] = 1;
    this.#peakBytes = plan.peakBytes;
    this.#heldPeakBytes = plan.heldPeakBytes;
    this.#mostCorrectionBytes = MOST_CORRECTION_SHARE * plan.options.pressureRatio * plan.options.capacityBytes;
    const rows = Math.max(1024, Math.ceil(plan.expectedRequests * 1.1));
    this.#lengths = new Uint32Array(rows);
    this.#tenants = new Uint8Array(rows);
    const pools = plan.level.poolBytes.length;
    this.#byVolume = Array.from({ length: pools }, () => new DueHeap());
    this.#liveBytes = new Float64Array(pools);
    this.#volumeBytes = new Float64Array(pools);
    this.#correctionBytes = plan.level.slackBytes;
  }

  /** The whole demand. Call once. */
  run(): Demand {
    const { options, spec, tenants, events, mix, shedBytesPerSecond } = this.#plan;
    const arrivals = new ArrivalProcess(
      this.#plan.ratePerMicro,
      CELL_MICROS,
      this.#plan.fillEndMicros,
      options.durationMicros,
      spec.arrivals.law,
      new RandomStream(options.seed, "arrivals"),
    );
    this.#fill();
    const herdCount = events?.herdMicros.length ?? 0;
    let herd = 0;
    for (let t = 0; t < Infinity; ) {
      t = arrivals.next();
      for (; herd < herdCount && events!.herdMicros[herd]! <= t; herd++) {
        this.#births.drawHerdMember(events!.herdMicros[herd]!, events!.herdEvent[herd]!);
        this.#arrive(events!.herdMicros[herd]!, true);
      }
      if (t === Infinity) break;
      this.#births.draw(t);
      this.#arrive(t, false);
    }
    this.#collectClockDeaths(options.durationMicros);
    this.#emitDeaths(options.durationMicros);
    return this.#out.finish({
      name: spec.id,
      tenants: tenants.map((tenant) => tenant.name),
      durationMicros: options.durationMicros,
      capacityBytes: options.capacityBytes,
      pressureRatio: options.pressureRatio,
      mix,
      timing: "scenario",
      shedBytesPerSecond,
    });
  }

  /** The initial population, evenly over the fill, as though all of it had been born at the fill's end: no block is due yet. */
  #fill(): void {
    const { fillEndMicros, level } = this.#plan;
    const cell = this.#cellOf(fillEndMicros);
    const births = this.#births;
    const drawn: number[] = [];
    let allBytes = 0;
    let heldBytes = 0;
    for (;;) {
      let pool = 0;
      let fullness = Infinity;
      for (let p = 0; p < level.poolBytes.length; p++) {
        const share = this.#liveBytes[p]! / level.poolBytes[p]![cell]!;
        if (share < fullness) {
          fullness = share;
          pool = p;
        }
      }
      births.drawInitial(pool);
      const length = blockLength(births.sizeBytes);
      const held = this.#isReclaimable[pool] === 1 ? 0 : length;
      if (this.#liveBytes[pool]! + length > level.poolBytes[pool]![cell]!) break;
      // In an arena of few blocks the pools' tables together may pass the peak.
      if (allBytes + length > this.#peakBytes || heldBytes + held > this.#heldPeakBytes) break;
      this.#liveBytes[pool]! += length;
      allBytes += length;
      heldBytes += held;
      drawn.push(births.sizeBytes, births.tenant, births.life);
    }
    this.#liveBytes.fill(0);
    const count = drawn.length / 3;
    for (let k = 0; k < count; k++) {
      births.sizeBytes = drawn[3 * k]!;
      births.tenant = drawn[3 * k + 1]!;
      births.life = drawn[3 * k + 2]!;
      births.dueMicros = 0;
      this.#bear(Math.floor(((k + this.#deaths.next()) / count) * fillEndMicros), blockLength(births.sizeBytes), false);
    }
    // Volume counts from here: lives of the initial population begin at 0.
    this.#volumeBytes.fill(0);
    this.#lastMicros = fillEndMicros;
  }

  #arrive(nowMicros: number, isHerd: boolean): void {
    const length = blockLength(this.#births.sizeBytes);
    const cell = this.#cellOf(nowMicros);
    this.#collectClockDeaths(nowMicros);
    this.#makeRoom(length, cell);
    this.#emitDeaths(nowMicros);
    this.#bear(nowMicros, length, isHerd);
  }

  /** Takes the blocks whose time has come out of the population. */
  #collectClockDeaths(nowMicros: number): void {
    while (this.#byClock.nextDue() <= nowMicros) this.#takeByClock();
  }

  #takeByClock(): void {
    const dueMicros = this.#byClock.nextDue();
    const id = this.#byClock.pop();
    if (this.#clockCount === this.#clockIds.length) {
      this.#clockIds = grown(this.#clockIds, new Uint32Array(this.#clockCount * 2));
      this.#clockMicros = grown(this.#clockMicros, new Float64Array(this.#clockCount * 2));
    }
    this.#clockIds[this.#clockCount] = id;
    this.#clockMicros[this.#clockCount++] = dueMicros;
    this.#account(id, -1);
  }

  /**
   * Lets the blocks with the least due volume die until the newborn fits under each of its ceilings. Ends: each turn takes
   * a block away, and an empty heap has room for any request.
   */
  #makeRoom(length: number, cell: number): void {
    const pool = this.#poolOfTenant[this.#births.tenant]!;
    const heap = this.#byVolume[pool]!;
    const ceiling = this.#poolBytes[pool]![cell]! + (pool === 0 ? this.#correctionBytes : 0) - length;
    const demandedCeiling = this.#peakBytes - length;
    const heldCeiling = this.#isReclaimable[pool] ? Infinity : this.#heldPeakBytes - length;
    for (;;) {
      const live = this.#liveBytes[pool]!;
      const isOverAll = this.#demandedBytes > demandedCeiling || this.#heldBytes > heldCeiling;
      // A pool of its own that is smaller than the request holds this one block; the peak binds all the same.
      if (!isOverAll && (live <= ceiling || live === 0)) return;
      if (heap.length > 0) this.#takeForRoom(heap);
      else if (this.#byClock.length > 0) this.#takeByClock();
      else this.#takeForRoom(this.#byVolume.find((each) => each.length > 0)!);
    }
  }

  #takeForRoom(heap: DueHeap): void {
    const id = heap.pop();
    if (this.#roomCount === this.#roomIds.length)
      this.#roomIds = grown(this.#roomIds, new Uint32Array(this.#roomCount * 2));
    this.#roomIds[this.#roomCount++] = id;
    this.#account(id, -1);
  }

  /** Writes the deaths of the gap in time order and learns from the mean of the demanded bytes over the gap. */
  #emitDeaths(nowMicros: number): void {
    const from = this.#lastMicros;
    const gap = nowMicros - from;
    let area = 0; // bytes × µs that the deaths free within the gap
    let c = 0;
    for (let r = 0; r < this.#roomCount; r++) {
      const t = from + Math.floor(((r + this.#deaths.next()) / this.#roomCount) * gap);
      for (; c < this.#clockCount && this.#clockMicros[c]! <= t; c++) area += this.#emitClockDeath(c, nowMicros);
      area += this.#emitDeath(t, this.#roomIds[r]!, nowMicros);
    }
    for (; c < this.#clockCount; c++) area += this.#emitClockDeath(c, nowMicros);
    this.#roomCount = 0;
    this.#clockCount = 0;
    this.#lastMicros = nowMicros;
    if (gap > 0) this.#correct(this.#gapBytes - area / gap, nowMicros, gap);
  }

  #emitClockDeath(c: number, nowMicros: number): number {
    return this.#emitDeath(Math.min(this.#clockMicros[c]!, nowMicros), this.#clockIds[c]!, nowMicros);
  }

  #emitDeath(t: number, id: number, nowMicros: number): number {
    this.#out.free(t, id, this.#tenants[id]!);
    return (nowMicros - t) * this.#lengths[id]!;
  }

  /** Integral control: the correction goes towards where the mean of the demand is the table's. */
  #correct(meanBytes: number, nowMicros: number, gapMicros: number): void {
    const error = this.#totalBytes[this.#cellOf(nowMicros)]! - meanBytes;
    const most = this.#mostCorrectionBytes;
    const moved = this.#correctionBytes + error * (gapMicros / (CORRECTION_MICROS + gapMicros));
    this.#correctionBytes = Math.max(-most, Math.min(most, moved));
  }

  /** Writes the allocation and files the block under the way in which it dies. */
  #bear(nowMicros: number, length: number, isHerd: boolean): void {
    const births = this.#births;
    const tenant = births.tenant;
    const pool = this.#poolOfTenant[tenant]!;
    if (this.#nextId === this.#lengths.length) {
      this.#lengths = grown(this.#lengths, new Uint32Array(this.#nextId * 2));
      this.#tenants = grown(this.#tenants, new Uint8Array(this.#nextId * 2));
    }
    const id = this.#nextId++;
    this.#lengths[id] = length;
    this.#tenants[id] = tenant;
    this.#account(id, 1);
    this.#gapBytes = this.#demandedBytes;
    if (births.dueMicros > 0) this.#byClock.push(Math.max(births.dueMicros, nowMicros + MICROS_PER_MILLI), id);
    else this.#byVolume[pool]!.push(this.#volumeBytes[pool]! + births.life * this.#meanBytes[pool]!, id);
    this.#volumeBytes[pool]! += length;
    const reclaimable = this.#isReclaimable[pool]! * FLAG_RECLAIMABLE;
    const flags = reclaimable | this.#labels.drawPin(reclaimable);
    this.#out.allocate(nowMicros, id, births.sizeBytes, this.#labels.drawClass(isHerd), flags, tenant);
  }

  #account(id: number, sign: 1 | -1): void {
    const bytes = sign * this.#lengths[id]!;
    const pool = this.#poolOfTenant[this.#tenants[id]!]!;
    this.#liveBytes[pool]! += bytes;
    this.#demandedBytes += bytes;
    if (this.#isReclaimable[pool] === 0) this.#heldBytes += bytes;
  }

  #cellOf(micros: number): number {
    return Math.min(this.#totalBytes.length - 1, Math.floor(micros / CELL_MICROS));
  }
}

function sumTables(tables: readonly Float64Array[]): Float64Array {
  const sum = Float64Array.from(tables[0]!);
  for (let p = 1; p < tables.length; p++) for (let i = 0; i < sum.length; i++) sum[i]! += tables[p]![i]!;
  return sum;
}

function grown<A extends Uint8Array | Uint32Array | Float64Array>(old: A, fresh: A): A {
  fresh.set(old as never);
  return fresh;
}
