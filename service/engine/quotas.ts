// Who gets how many places. Each strategy has a share of them; shares become whole numbers by the largest remainder (Hamilton's
// method), and places that a strategy cannot fill are shared among the others in the same way, until none can take more. An item
// that several bring is taken once, for the first of them.

export const QUOTA_STRATEGIES = ["recent", "frequent", "important", "context"] as const;
export type QuotaStrategy = (typeof QUOTA_STRATEGIES)[number];
export type Quotas = Readonly<Record<QuotaStrategy, number>>;

/** `total` places as whole numbers in the proportion of the weights; they add to `total`. Weights that are all 0 share alike. */
export function shareOut(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((so, one) => so + one, 0);
  const exact = weights.map((weight) => (total * (sum > 0 ? weight : 1)) / (sum > 0 ? sum : weights.length));
  const shares = exact.map((value) => Math.floor(value + 1e-9)); // 0.3 · 10 is 3, whatever the arithmetic says
  let left = total - shares.reduce((so, one) => so + one, 0);
  const byRemainder = exact.map((value, index) => ({ index, remainder: value - shares[index]! }));
  byRemainder.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    shares[index]!++;
    left--;
  }
  return shares;
}

export interface Choice<T> {
  readonly places: number;
  readonly quotas: Quotas;
  /** What each strategy brings, its best first. */
  readonly candidates: Readonly<Record<QuotaStrategy, readonly T[]>>;
  readonly idOf: (one: T) => string;
  /** What one costs of `most`, e.g. bytes; what does not fit is passed over. */
  readonly sizeOf?: ((one: T) => number) | undefined;
  readonly most?: number | undefined;
}

/** At most `places` in all, none twice, no more than `most`. Cost: linear in the candidates. */
export function choose<T>(choice: Choice<T>): Record<QuotaStrategy, T[]> {
  const { candidates, quotas, idOf, sizeOf = () => 0, most = Infinity } = choice;
  const chosen: Record<QuotaStrategy, T[]> = { recent: [], frequent: [], important: [], context: [] };
  const seen = new Set<string>();
  const next = { recent: 0, frequent: 0, important: 0, context: 0 };
  let size = 0;
  let left = choice.places;
  const take = (strategy: QuotaStrategy, places: number): void => {
    const brought = candidates[strategy];
    while (places > 0 && next[strategy] < brought.length) {
      const one = brought[next[strategy]++]!;
      if (seen.has(idOf(one))) continue;
      seen.add(idOf(one));
      if (size + sizeOf(one) > most) continue;
      size += sizeOf(one);
      chosen[strategy].push(one);
      places--;
      left--;
    }
  };
  let able: readonly QuotaStrategy[] = QUOTA_STRATEGIES;
  while (left > 0 && able.length > 0) {
    const weights = able.map((strategy) => quotas[strategy]);
    const shares = shareOut(left, weights);
    able.forEach((strategy, index) => void take(strategy, shares[index]!));
    able = able.filter((strategy) => next[strategy] < candidates[strategy].length);
  }
  return chosen;
}
