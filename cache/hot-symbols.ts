// The symbols that came most often, in order, in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient
// computation of frequent and top-k elements in data streams", ICDT 2005), on a short sorted array. Counts are halved from time
// to time, so that what was hot last month gives way. Serves as the base rate beside predictions and as a list for warming.

export const HOT_COUNT = 64;
const MOST_COUNT = 65_535;

export class HotSymbols {
  /** The commonest first; `length` of them are valid. */
  readonly symbols = new Uint16Array(HOT_COUNT);
  /** Never rises along the list. A newcomer takes over the count of whom it replaces, so a count is at most too high by that. */
  readonly counts = new Uint16Array(HOT_COUNT);
  length = 0;

  /** Place of a symbol, 0 for the commonest; −1: not among them. */
  rankOf(symbol: number): number {
    for (let i = 0; i < this.length; i++) if (this.symbols[i] === symbol) return i;
    return -1;
  }

  /** `symbol` came. */
  observe(symbol: number): void {
    const { symbols, counts } = this;
    let at = this.rankOf(symbol);
    if (at < 0) at = this.length < HOT_COUNT ? this.length++ : HOT_COUNT - 1;
    const count = counts[at]! + 1;
    while (at > 0 && counts[at - 1]! < count) {
      symbols[at] = symbols[at - 1]!;
      counts[at] = counts[at - 1]!;
      at--;
    }
    symbols[at] = symbol;
    counts[at] = count;
    if (count === MOST_COUNT) for (let i = 0; i < this.length; i++) counts[i] = counts[i]! >> 1;
  }

  /** Forgets symbols for which `isAlive` is false. */
  retain(isAlive: (symbol: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      if (!isAlive(this.symbols[i]!)) continue;
      this.symbols[kept] = this.symbols[i]!;
      this.counts[kept++] = this.counts[i]!;
    }
    this.counts.fill(0, kept);
    this.length = kept;
  }

  clear(): void {
    this.length = 0;
    this.counts.fill(0);
  }
}
