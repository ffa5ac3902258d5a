// What each user asked for lately, and who is like whom. A profile is at most 32 components with counts that fade over the last
// hundred or so requests; a full one gives up its smallest count, which the newcomer inherits (Space-Saving: Metwally, Agrawal,
// El Abbadi, ICDT 2005). Likeness is the cosine of square roots of counts (Bhattacharyya), which lets no single habit decide.
// The nearest users are looked for when a user has made 2, 4, 8 and each further 16 requests: O(users) then, nothing otherwise.

import { assert } from "../../core/errors.ts";
import type { Columns } from "./columns.ts";

export const PROFILE_COUNT = 32;
export const NEAREST_COUNT = 8;
/** What a count keeps at each request: a hundred requests weigh together about as much as all before them. */
const KEPT = 1 - 1 / 100;
const REFRESH_PERIOD = 16;
/** Less alike than this is not alike. */
const LEAST_LIKENESS = 0.2;

export class UserProfiles {
  readonly userCount: number;
  /** User × PROFILE_COUNT: components and their faded counts; `counts` of each user are valid. */
  readonly symbols: Uint16Array;
  readonly weights: Float32Array;
  readonly counts: Uint8Array;
  /** User × NEAREST_COUNT: the most alike first, with the cosine; `nearestCounts` are valid. */
  readonly nearest: Uint16Array;
  readonly likeness: Float32Array;
  readonly nearestCounts: Uint8Array;
  readonly #roots: Float32Array; // by symbol, of one user while it is compared

  constructor(userCount: number, symbolCount: number) {
    this.userCount = userCount;
    this.symbols = new Uint16Array(userCount * PROFILE_COUNT);
    this.weights = new Float32Array(userCount * PROFILE_COUNT);
    this.counts = new Uint8Array(userCount);
    this.nearest = new Uint16Array(userCount * NEAREST_COUNT);
    this.likeness = new Float32Array(userCount * NEAREST_COUNT);
    this.nearestCounts = new Uint8Array(userCount);
    this.#roots = new Float32Array(symbolCount);
  }

  get stateBytes(): number {
    return this.userCount * (6 * PROFILE_COUNT + 6 * NEAREST_COUNT + 2) + this.#roots.byteLength;
  }

  /** `user` asked for `symbol`. @param requestCount this user's requests with this one */
  observe(user: number, symbol: number, requestCount: number): void {
    const { symbols, weights } = this;
    const first = user * PROFILE_COUNT;
    const used = this.counts[user]!;
    let at = -1;
    let smallest = first;
    for (let i = first; i < first + used; i++) {
      weights[i] = weights[i]! * KEPT;
      if (symbols[i] === symbol) at = i;
      if (weights[i]! < weights[smallest]!) smallest = i;
    }
    if (at < 0 && used < PROFILE_COUNT) {
      at = first + used;
      this.counts[user] = used + 1;
      weights[at] = 0;
    } else if (at < 0) {
      at = smallest;
    }
    symbols[at] = symbol;
    weights[at] = weights[at]! + 1;
    const isDue = requestCount < REFRESH_PERIOD ? (requestCount & (requestCount - 1)) === 0 : requestCount % 16 === 0;
    if (isDue) this.refresh(user);
  }

  /** Looks for the users most like `user`. O(users). */
  refresh(user: number): void {
    const roots = this.#roots;
    const first = user * PROFILE_COUNT;
    const end = first + this.counts[user]!;
    let norm = 0;
    for (let i = first; i < end; i++) {
      roots[this.symbols[i]!] = Math.sqrt(this.weights[i]!);
      norm += this.weights[i]!;
    }
    this.nearestCounts[user] = 0;
    for (let other = 0; other < this.userCount; other++) {
      if (other === user || this.counts[other] === 0) continue;
      const from = other * PROFILE_COUNT;
      const to = from + this.counts[other]!;
      let [product, otherNorm] = [0, 0];
      for (let i = from; i < to; i++) {
        const root = roots[this.symbols[i]!]!;
        otherNorm += this.weights[i]!;
        if (root > 0) product += root * Math.sqrt(this.weights[i]!);
      }
      const cosine = product / Math.sqrt(norm * otherNorm);
      if (cosine >= LEAST_LIKENESS) this.#place(user, other, cosine);
    }
    for (let i = first; i < end; i++) roots[this.symbols[i]!] = 0;
  }

  /** Whether `symbol` is in a user's profile. */
  has(user: number, symbol: number): boolean {
    const first = user * PROFILE_COUNT;
    for (let i = first; i < first + this.counts[user]!; i++) if (this.symbols[i] === symbol) return true;
    return false;
  }

  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void {
    for (let user = 0; user < this.userCount; user++) {
      this.#forgetSymbols(user, deadSymbols);
      let kept = 0;
      const near = user * NEAREST_COUNT;
      for (let i = near; i < near + this.nearestCounts[user]!; i++) {
        if (deadUsers[this.nearest[i]!] === 1) continue;
        this.nearest[near + kept] = this.nearest[i]!;
        this.likeness[near + kept++] = this.likeness[i]!;
      }
      this.nearestCounts[user] = kept;
      if (deadUsers[user] === 1) {
        this.counts[user] = 0;
        this.nearestCounts[user] = 0;
      }
    }
  }

  columns(): Columns {
    const { symbols, weights, counts, nearest, likeness, nearestCounts } = this;
    return { symbols, weights, counts, nearest, likeness, nearestCounts };
  }

  /** Throws AssertionError when a profile or a list of neighbours cannot be. */
  check(isKnown: (symbol: number) => boolean, isUser: (user: number) => boolean): void {
    for (let user = 0; user < this.userCount; user++) {
      const first = user * PROFILE_COUNT;
      const used = this.symbols.subarray(first, first + this.counts[user]!);
      assert(this.counts[user] === 0 || isUser(user), "users of profiles are known");
      assert(this.counts[user]! <= PROFILE_COUNT, "a profile keeps to its places");
      assert(used.every(isKnown), "a profile's components are known");
      assert(new Set(used).size === used.length, "a profile has each component once");
      for (let i = first; i < first + used.length; i++) assert(this.weights[i]! > 0, "a faded count is positive");
      const near = user * NEAREST_COUNT;
      assert(this.nearestCounts[user]! <= NEAREST_COUNT, "neighbours keep to their places");
      const neighbours = this.nearest.subarray(near, near + this.nearestCounts[user]!);
      assert(new Set(neighbours).size === neighbours.length, "a neighbour stands once");
      assert(neighbours.every(isUser), "neighbours are users");
      for (let i = 0; i < neighbours.length; i++) {
        assert(this.nearest[near + i] !== user, "no user is its own neighbour");
        assert(i === 0 || this.likeness[near + i - 1]! >= this.likeness[near + i]!, "the most alike stand first");
      }
    }
    assert(
      this.#roots.every((root) => root === 0),
      "nothing is left of a comparison",
    );
  }

  #forgetSymbols(user: number, deadSymbols: Uint8Array): void {
    const first = user * PROFILE_COUNT;
    let kept = first;
    for (let i = first; i < first + this.counts[user]!; i++) {
      if (deadSymbols[this.symbols[i]!] === 1) continue;
      this.symbols[kept] = this.symbols[i]!;
      this.weights[kept++] = this.weights[i]!;
    }
    this.counts[user] = kept - first;
  }

  #place(user: number, other: number, cosine: number): void {
    const { nearest, likeness } = this;
    const first = user * NEAREST_COUNT;
    const used = this.nearestCounts[user]!;
    if (used === NEAREST_COUNT && likeness[first + used - 1]! >= cosine) return;
    let at = first + Math.min(used, NEAREST_COUNT - 1);
    this.nearestCounts[user] = Math.min(used + 1, NEAREST_COUNT);
    for (; at > first && likeness[at - 1]! < cosine; at--) {
      nearest[at] = nearest[at - 1]!;
      likeness[at] = likeness[at - 1]!;
    }
    nearest[at] = other;
    likeness[at] = cosine;
  }
}
