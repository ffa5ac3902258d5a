// The naive heap that the model tests hold the real one against: an array of blocks in address order, and everything else
// worked out from it by brute force each time it is asked for. It knows nothing of words, lists, trees or handles' bits.

export interface NaiveBlock {
  readonly handle: number;
  address: number;
  length: number;
  size: number;
  readonly align: number;
  isPinned: boolean;
  /** First byte of the contents; byte k of the payload is (stamp + k) mod 256. */
  readonly stamp: number;
}

export function roundedLength(size: number): number {
  return Math.ceil((size + 8) / 16) * 16;
}

/** First address ≥ `address` whose payload, 16 bytes further in the buffer, is aligned. */
export function alignedAddress(address: number, align: number): number {
  return Math.ceil((address + 16) / align) * align - 16;
}

export class NaiveHeap {
  readonly capacity: number;
  readonly blocks: NaiveBlock[] = [];
  /** Holes in address order, as found by the newest `findHoles`. */
  holeCount = 0;
  readonly holeAddress: number[] = [];
  readonly holeLength: number[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  findHoles(): void {
    let count = 0;
    let at = 0;
    for (const block of this.blocks) {
      if (block.address < at) throw new Error(`blocks overlap at ${block.address}`);
      if (block.address > at) {
        this.holeAddress[count] = at;
        this.holeLength[count++] = block.address - at;
      }
      at = block.address + block.length;
    }
    if (at > this.capacity) throw new Error(`a block ends at ${at}`);
    if (at < this.capacity) {
      this.holeAddress[count] = at;
      this.holeLength[count++] = this.capacity - at;
    }
    this.holeCount = count;
  }

  /** Index of the hole that best fit takes: shortest, then lowest, in which the aligned block fits; −1 for none. */
  bestHole(length: number, align: number): number {
    let best = -1;
    for (let i = 0; i < this.holeCount; i++) {
      const place = alignedAddress(this.holeAddress[i]!, align);
      if (place + length > this.holeAddress[i]! + this.holeLength[i]!) continue;
      if (best < 0 || this.holeLength[i]! < this.holeLength[best]!) best = i;
    }
    return best;
  }

  /** Index of the hole that contains `address`, −1 for none. */
  holeAt(address: number): number {
    for (let i = 0; i < this.holeCount; i++)
      if (address >= this.holeAddress[i]! && address < this.holeAddress[i]! + this.holeLength[i]!) return i;
    return -1;
  }

  largestHole(): number {
    let largest = 0;
    for (let i = 0; i < this.holeCount; i++) largest = Math.max(largest, this.holeLength[i]!);
    return largest;
  }

  insert(block: NaiveBlock): void {
    let i = this.blocks.length;
    while (i > 0 && this.blocks[i - 1]!.address > block.address) i--;
    this.blocks.splice(i, 0, block);
  }

  remove(block: NaiveBlock): void {
    this.blocks.splice(this.blocks.indexOf(block), 1);
  }

  /** Addresses after a whole slide, in block order: each movable block at the lowest place after the block before it that is aligned and free of pins. */
  slideAddresses(): number[] {
    const pins = this.blocks.filter((block) => block.isPinned);
    const result: number[] = [];
    let from = 0;
    for (const block of this.blocks) {
      if (block.isPinned) {
        result.push(block.address);
        continue;
      }
      let place = alignedAddress(from, block.align);
      for (const pin of pins)
        if (pin.address < place + block.length && pin.address + pin.length > place)
          place = alignedAddress(pin.address + pin.length, block.align);
      result.push(place);
      from = place + block.length;
    }
    return result;
  }

  /** Live bytes between the two holes of the cheapest window for `goal`: every pair of holes tried. Infinity for none. */
  cheapestWindow(goal: number): number {
    let best = Infinity;
    for (let i = 0; i < this.holeCount; i++) {
      let free = 0;
      for (let j = i; j < this.holeCount; j++) {
        const start = this.holeAddress[i]!;
        const end = this.holeAddress[j]! + this.holeLength[j]!;
        const between = this.blocks.filter((block) => block.address >= start && block.address < end);
        if (between.some((block) => block.isPinned || block.align > 16)) break;
        free += this.holeLength[j]!;
        if (free >= goal) best = Math.min(best, end - start - free);
      }
    }
    return best;
  }
}
