// The model run: random operations on a real heap and a naive one, compared after every operation. Swarm testing: each
// phase of a run switches some kinds of operation off and weights the rest wildly (Groce et al., "Swarm Testing", ISSTA 2012).

import { COMPACTOR_KINDS, type Compactor, type CompactorKind, createCompactor } from "../../allocator/compactor.ts";
import { type FitKind, Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { alignedAddress, type NaiveBlock, NaiveHeap, roundedLength } from "./naive-heap.ts";

/** These keep the order of the blocks and move them to lower addresses only. */
const SLIDING: ReadonlySet<CompactorKind> = new Set(["slide", "window"]);

export interface ModelOptions {
  readonly seed: number;
  readonly operations: number;
  readonly fit: FitKind;
  /** Full check after every operation. */
  readonly verify: boolean;
  readonly capacityBytes: number;
}

const OPERATIONS = [
  "allocate",
  "free",
  "resize",
  "pin",
  "unpin",
  "reference",
  "begin",
  "step",
  "abort",
  "whole",
  "query",
] as const;
type OperationName = (typeof OPERATIONS)[number];
const PHASE_OPERATIONS = 2_000;

function require(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export class HeapModel {
  readonly heap: Heap;
  readonly naive: NaiveHeap;
  readonly #options: ModelOptions;
  readonly #random: RandomStream;
  readonly #compactors: readonly Compactor[];
  #active: Compactor | null = null;
  #reference: number;
  #weights: number[] = [];
  #weightSum = 0;
  #kinds: number[] = [];
  #alignChance = 0;
  #sizeBound = 1;
  #largeChance = 0;
  #staleHandle = NO_HANDLE;
  #movesSeen = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed, "heap-model");
    this.#reference = this.#random.between(1, 200);
    this.heap = new Heap({
      capacityBytes: options.capacityBytes,
      fit: options.fit,
      verify: options.verify,
      referenceLengthBytes: this.#reference,
      zoneTag: this.#random.integer(8),
    });
    this.naive = new NaiveHeap(options.capacityBytes);
    this.#compactors = COMPACTOR_KINDS.map((kind) => createCompactor(kind, this.heap));
    this.heap.moveListener = (handle, from, to) => {
      this.#movesSeen++;
      require(this.heap.isLive(handle) && from !== to, "the listener was told of a move that is none");
    };
  }

  /** Runs all operations, then frees everything. Throws Error with the line that reproduces the failure. */
  run(): void {
    let operation = 0;
    let name: OperationName = "query";
    try {
      for (; operation < this.#options.operations; operation++) {
        if (operation % PHASE_OPERATIONS === 0) this.#drawPhase();
        name = this.#drawOperation();
        this.#apply(name);
        this.#compare();
      }
      this.#freeAll();
    } catch (error) {
      throw new Error(
        `${JSON.stringify(this.#options)}, operation ${operation} (${name}): ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
  }

  #drawPhase(): void {
    const random = this.#random;
    this.#weights = OPERATIONS.map(() => (random.chance(0.3) ? 0 : 2 ** random.between(0, 6)));
    this.#weights[0] = 2 ** random.between(2, 6);
    this.#weights[9] = Math.min(this.#weights[9]!, 4); // whole runs and queries are O(blocks)
    this.#weights[10] = Math.min(this.#weights[10]!, 4);
    this.#weightSum = this.#weights.reduce((sum, weight) => sum + weight, 0);
    this.#kinds = COMPACTOR_KINDS.map((_kind, i) => i).filter(() => random.chance(0.6));
    this.#alignChance = random.chance(0.5) ? 0 : random.next() * 0.5;
    const capacityLog2 = Math.floor(Math.log2(this.#options.capacityBytes));
    this.#sizeBound = 2 ** random.between(Math.max(3, capacityLog2 - 5), Math.max(4, capacityLog2 - 2)); // a hundred blocks at most
    this.#largeChance = random.chance(0.5) ? 0 : 0.05;
    if (random.chance(0.2)) for (const block of [...this.naive.blocks]) if (random.chance(0.7)) this.#free(block);
    this.#compare();
  }

  #drawOperation(): OperationName {
    let ticket = this.#random.next() * this.#weightSum;
    for (let i = 0; i < OPERATIONS.length; i++) {
      ticket -= this.#weights[i]!;
      if (ticket < 0) return OPERATIONS[i]!;
    }
    return "allocate";
  }

  #drawSize(): number {
    const random = this.#random;
    if (this.#largeChance > 0 && random.chance(this.#largeChance))
      return random.between(1, this.#options.capacityBytes + 16);
    return random.between(1, this.#sizeBound);
  }

  #drawBlock(): NaiveBlock | undefined {
    return this.naive.blocks[this.#random.integer(this.naive.blocks.length)];
  }

  #apply(name: OperationName): void {
    switch (name) {
      case "allocate":
        this.#allocate();
        break;
      case "reference":
        this.#setReference();
        break;
      case "begin":
        this.#begin();
        break;
      case "step":
        this.#step();
        break;
      case "whole":
        this.#whole();
        break;
      case "query":
        this.#query();
        break;
      case "abort":
        this.#active?.abort();
        this.#active = null;
        break;
      default: {
        const block = this.#drawBlock();
        if (block === undefined) return;
        if (name === "free") this.#free(block);
        else if (name === "resize") this.#resize(block);
        else {
          this.heap.setPinned(block.handle, name === "pin");
          block.isPinned = name === "pin";
        }
      }
    }
  }

  #allocate(): void {
    const { heap, naive } = this;
    const size = this.#drawSize();
    const align = this.#alignChance > 0 && this.#random.chance(this.#alignChance) ? 16 << this.#random.integer(5) : 16;
    const isPinned = this.#weights[3]! > 0 && this.#random.chance(0.1);
    const length = roundedLength(size);
    const best = naive.bestHole(length, align);
    const handle = heap.allocate(size, align, isPinned);
    if (handle === NO_HANDLE) {
      require(best < 0, `refused ${size} bytes although a hole fits`);
      return;
    }
    require(best >= 0, `placed ${size} bytes although no hole fits`);
    const address = heap.addressOf(handle);
    const hole = this.#options.fit === "best" ? best : naive.holeAt(address);
    require(hole >= 0, "placed outside the holes");
    require(address ===
      alignedAddress(naive.holeAddress[hole]!, align), `placed at ${address}, not at the front of its hole`);
    require(heap.alignmentOf(handle) === align, "the alignment was lost");
    const block = { handle, address, length, size, align, isPinned, stamp: this.#random.integer(256) };
    naive.insert(block);
    this.#fill(block);
  }

  #free(block: NaiveBlock): void {
    const { heap, naive } = this;
    this.#checkContents(block);
    heap.free(block.handle);
    naive.remove(block);
    this.#staleHandle = block.handle;
    require(!heap.isLive(block.handle), "live after its free");
  }

  #resize(block: NaiveBlock): void {
    const { heap, naive } = this;
    const size = this.#random.chance(0.3) ? Math.max(1, block.size + this.#random.between(-20, 40)) : this.#drawSize();
    const length = roundedLength(size);
    const expected = this.#resizePlace(block, length);
    const moves = this.#movesSeen;
    const isDone = heap.resize(block.handle, size);
    require(isDone === expected >= -1, `resize to ${size} returned ${isDone}`);
    if (!isDone) return;
    const address = heap.addressOf(block.handle);
    if (expected >= 0) require(address === expected, `resize put the block at ${address}, expected ${expected}`);
    else {
      const hole = naive.holeAt(address);
      require(hole >= 0 &&
        address === alignedAddress(naive.holeAddress[hole]!, block.align), "resized outside the holes");
    }
    require(heap.lastResizeMoved === (address !== block.address), "lastResizeMoved is wrong");
    require(this.#movesSeen - moves === (address !== block.address ? 1 : 0), "the listener was not told of the move");
    naive.remove(block);
    block.address = address;
    block.length = length;
    block.size = Math.min(size, block.size);
    this.#checkContents(block);
    block.size = size;
    naive.insert(block);
    this.#fill(block);
  }

  /** Where resize has to put the block: an address, −1 for "in some hole, at its front", −2 for nowhere. */
  #resizePlace(block: NaiveBlock, length: number): number {
    const { naive } = this;
    if (length <= block.length) return block.address;
    const next = naive.holeAt(block.address + block.length);
    const room = block.length + (next >= 0 ? naive.holeLength[next]! : 0);
    if (room >= length) return block.address;
    if (block.isPinned) return -2;
    const previous = block.address > 0 ? naive.holeAt(block.address - 1) : -1;
    if (previous >= 0) {
      const place = alignedAddress(naive.holeAddress[previous]!, block.align);
      if (place < block.address && place + length <= block.address + room) return place;
    }
    const best = naive.bestHole(length, block.align);
    if (best < 0) return -2;
    return this.#options.fit === "best" ? alignedAddress(naive.holeAddress[best]!, block.align) : -1;
  }

  #setReference(): void {
    this.#reference = this.#random.between(1, 600);
    this.heap.setReferenceLength(this.#reference);
  }

  #drawGoal(): number {
    return this.#random.between(
      1,
      this.#random.chance(0.2) ? this.#options.capacityBytes : 1 + this.#options.capacityBytes / 4,
    );
  }

  #begin(): void {
    if (this.#active !== null || this.#kinds.length === 0) return;
    const compactor = this.#compactors[this.#kinds[this.#random.integer(this.#kinds.length)]!]!;
    const goal = this.#drawGoal();
    const budget = this.#random.chance(0.5) ? Infinity : this.#random.between(1, this.#options.capacityBytes);
    const wish = this.#random.chance(0.5) ? goal : goal + this.#drawGoal();
    const isActive = compactor.begin(goal, budget, wish, this.#random.between(0, 40));
    require(isActive === compactor.isActive, "begin and isActive differ");
    this.#expectBegin(compactor, goal, budget, isActive, wish);
    if (isActive) this.#active = compactor;
  }

  #expectBegin(compactor: Compactor, goal: number, budget: number, isActive: boolean, wish = goal): void {
    const { naive } = this;
    if (compactor.kind === "slide") {
      const slid = naive.slideAddresses();
      require(isActive === naive.blocks.some((block, i) => block.address !== slid[i]), "slide: begin was wrong");
    } else if (compactor.kind === "window") {
      const isNeeded = naive.largestHole() < goal;
      require(isActive ===
        (isNeeded && naive.cheapestWindow(goal) <= Math.min(budget, 1e9)), "window: begin was wrong");
    } else if (isActive && compactor.kind !== "pack") {
      require(naive.largestHole() < wish, `${compactor.kind}: begun without need`);
    }
  }

  /** One step with a random limit; returns the bytes moved. */
  #step(): number {
    const compactor = this.#active;
    if (compactor === null) return 0;
    const { heap, naive } = this;
    const limit = this.#random.chance(0.2) ? Infinity : this.#random.between(1, 300);
    const before = compactor.movedBytes;
    const version = heap.version;
    const moves = this.#movesSeen;
    const announced = compactor.peek(limit);
    require(heap.version === version && this.#movesSeen === moves, "peek changed the heap");
    if (this.#random.chance(0.2)) this.#compare();
    const moved = compactor.step(limit);
    require(moved === announced, `peek said ${announced}, step moved ${moved}`);
    require(compactor.movedBytes === before + moved, "movedBytes is wrong");
    require(compactor.isActive === moved > 0, "isActive is wrong");
    if (moved === 0) this.#active = null;
    let changed = 0;
    let count = 0;
    for (const block of naive.blocks) {
      const address = heap.addressOf(block.handle);
      if (address === block.address) continue;
      require(!block.isPinned, "a pinned block was moved");
      require((address + 16) % block.align === 0, "a move lost the alignment");
      if (SLIDING.has(compactor.kind)) require(address < block.address, "a block slid upwards");
      changed += block.length;
      count++;
      block.address = address;
      this.#checkContents(block);
    }
    require(changed === moved, `${changed} bytes changed place, ${moved} were reported`);
    require(count === this.#movesSeen - moves, "the listener missed a move");
    require(count <= 1 || moved <= limit, `moved ${moved} of at most ${limit}`);
    if (count === 0) return moved;
    if (SLIDING.has(compactor.kind)) this.#checkOrder();
    naive.blocks.sort((a, b) => a.address - b.address); // also a slide passes pins
    return moved;
  }

  /** Movable blocks keep their order in a slide: the array still has the old one. */
  #checkOrder(): void {
    let last = -1;
    for (const block of this.naive.blocks) {
      if (block.isPinned) continue;
      require(block.address > last, "a slide changed the order of the blocks");
      last = block.address;
    }
  }

  /** A run from begin to end with nothing in between: its result is known. */
  #whole(): void {
    if (this.#active !== null || this.#kinds.length === 0) return;
    const { heap, naive } = this;
    const compactor = this.#compactors[this.#kinds[this.#random.integer(this.#kinds.length)]!]!;
    const goal = this.#drawGoal();
    const slid = naive.slideAddresses();
    const target = new Map(naive.blocks.map((block, i) => [block, slid[i]!]));
    const cost = compactor.kind === "window" ? naive.cheapestWindow(goal) : 0;
    const promised = heap.largestHoleAfterSlide();
    const isGather = compactor.kind === "gather";
    const budget =
      isGather && this.#random.chance(0.5) ? this.#random.between(1, this.#options.capacityBytes) : Infinity;
    const wish = isGather && this.#random.chance(0.5) ? goal + this.#drawGoal() : goal;
    const isBegun = compactor.begin(goal, budget, wish);
    this.#expectBegin(compactor, goal, budget, isBegun, wish);
    if (!isBegun) return;
    this.#active = compactor;
    const largestBefore = naive.largestHole();
    const movable = naive.blocks.reduce((sum, block) => sum + (block.isPinned ? 0 : block.length), 0);
    const isPlain = naive.blocks.every((block) => !block.isPinned && block.align <= 16);
    while (this.#step() > 0) this.#compare();
    // Without pins and wide alignments a slide leaves no gap that a pack could fill: it is one.
    if (compactor.kind === "slide" || (compactor.kind === "pack" && isPlain)) {
      for (const [block, address] of target)
        require(block.address === address, `slid to ${block.address}, not ${address}`);
      require(heap.largestHole() === promised, `the slide gave ${heap.largestHole()}, the dry run said ${promised}`);
      return;
    }
    // A pack moves each block at most once, and so does the gathering behind it. What it leaves may be less than before where
    // pins divide the room, and short of the goal.
    if (compactor.kind === "pack")
      require(compactor.movedBytes <= 2 * movable, `pack moved ${compactor.movedBytes} of ${movable} twice and more`);
    else require(heap.largestHole() >= goal, `${compactor.kind}: the goal ${goal} was not reached`);
    require(compactor.failedMoves === 0, "a move failed although nothing interfered");
    if (isGather) {
      require(heap.largestHole() > largestBefore, `gather left ${heap.largestHole()} of a hole of ${largestBefore}`);
      require(compactor.movedBytes <= budget, `gather moved ${compactor.movedBytes} of at most ${budget}`);
    }
    if (compactor.kind === "window")
      require(compactor.movedBytes === cost, `window moved ${compactor.movedBytes} instead of ${cost}`);
  }

  #query(): void {
    const { heap, naive } = this;
    const slid = naive.slideAddresses();
    let largest = 0;
    let at = 0;
    const order = naive.blocks.map((block, i) => [slid[i]!, block.length] as const).sort((a, b) => a[0] - b[0]);
    for (const [address, length] of order) {
      largest = Math.max(largest, address - at);
      at = address + length;
    }
    largest = Math.max(largest, naive.capacity - at);
    require(heap.largestHoleAfterSlide() ===
      largest, `largestHoleAfterSlide is ${heap.largestHoleAfterSlide()}, not ${largest}`);
    const length = this.#random.between(1, this.#options.capacityBytes);
    require(heap.canPlace(length) ===
      naive.largestHole() >= Math.ceil(length / 16) * 16, `canPlace(${length}) is wrong`);
    let index = 0;
    let hole = 0;
    heap.forEachBlock((address, blockLength, handle, isPinned) => {
      if (handle === NO_HANDLE) {
        require(naive.holeAddress[hole] === address &&
          naive.holeLength[hole] === blockLength &&
          !isPinned, "forEachBlock: hole");
        hole++;
      } else {
        const block = naive.blocks[index++]!;
        require(block.handle === handle &&
          block.address === address &&
          block.isPinned === isPinned, "forEachBlock: block");
      }
    });
    require(index === naive.blocks.length && hole === naive.holeCount, "forEachBlock left something out");
    if (this.#staleHandle !== NO_HANDLE) {
      require(!heap.isLive(this.#staleHandle), "a stale handle is live");
      let isRefused = false;
      try {
        heap.free(this.#staleHandle);
      } catch (error) {
        isRefused = error instanceof AssertionError;
      }
      require(isRefused, "a stale handle was freed");
    }
  }

  #compare(): void {
    const { heap, naive } = this;
    naive.findHoles();
    let allocated = 0;
    let pinned = 0;
    for (const block of naive.blocks) {
      const { handle } = block;
      allocated += block.length;
      if (block.isPinned) pinned += block.length;
      require(heap.addressOf(handle) === block.address, "a block is elsewhere");
      require(heap.lengthOf(handle) === block.length &&
        heap.sizeOf(handle) === block.size, "a block changed its length");
      require(heap.isPinned(handle) === block.isPinned, "a pin was lost");
    }
    const free = naive.capacity - allocated;
    let usable = 0;
    for (let i = 0; i < naive.holeCount; i++) usable += naive.holeLength[i]! - (naive.holeLength[i]! % this.#reference);
    require(heap.blockCount === naive.blocks.length && heap.holeCount === naive.holeCount, "counts of blocks or holes");
    require(heap.allocatedBytes === allocated && heap.freeBytes === free, "allocated or free bytes");
    require(heap.pinnedBytes === pinned, "pinned bytes");
    require(heap.usableBytes === usable, `usable bytes ${heap.usableBytes}, not ${usable}`);
    require(heap.largestHole() === naive.largestHole(), "largest hole");
    require(heap.occupancyRatio() === allocated / naive.capacity, "occupancy");
    require(heap.effectivePressureRatio() === 1 - usable / naive.capacity, "effective pressure");
    require(heap.fragmentationRatio() === (free === 0 ? 0 : 1 - usable / free), "fragmentation");
  }

  #fill(block: NaiveBlock): void {
    const offset = this.heap.payloadOffsetOf(block.handle);
    const { bytes } = this.heap;
    for (let k = 0; k < block.size; k++) bytes[offset + k] = block.stamp + k;
  }

  #checkContents(block: NaiveBlock): void {
    const offset = this.heap.payloadOffsetOf(block.handle);
    const { bytes } = this.heap;
    for (let k = 0; k < block.size; k++)
      if (bytes[offset + k] !== ((block.stamp + k) & 255))
        throw new Error(`byte ${k} of the block at ${block.address} changed`);
  }

  #freeAll(): void {
    const { heap, naive } = this;
    this.#active?.abort();
    this.#active = null;
    while (naive.blocks.length > 0) {
      this.#free(this.#drawBlock()!);
      this.#compare();
    }
    require(heap.holeCount === 1 &&
      heap.largestHole() === naive.capacity, "something is lost or fragmented at the end");
    heap.assertIntact();
  }
}

const CAPACITIES = [64, 96, 128, 208, 512, 512, 1_024, 1_024, 2_048, 4_096, 16_384, 102_400];

/** Runs `seeds` model runs with one fit; every fifth is fully checked after each operation. Returns what was done. */
export function runModels(
  fit: FitKind,
  firstSeed: number,
  seeds: number,
  operations: number,
): { operations: number; checked: number } {
  const done = { operations: 0, checked: 0 };
  for (let i = 0; i < seeds; i++) {
    const verify = i % 5 === 0;
    const capacityBytes = CAPACITIES[i % CAPACITIES.length]!;
    new HeapModel({ seed: firstSeed + i, operations, fit, verify, capacityBytes }).run();
    done.operations += operations;
    if (verify) done.checked += operations;
  }
  return done;
}
