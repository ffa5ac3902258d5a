// So many requests a second for each token or address, with a burst: a token bucket each, in a table of stated size. When it is full,
// those that are full again (and so say nothing) go first; then the oldest, which costs an attacker with many addresses nothing and
// gains him nothing either.

interface Bucket {
  /** Requests that may be made now. */
  tokens: number;
  atMillis: number;
}

export interface RateLimit {
  /** Infinity: no limit. */
  readonly perSecond: number;
  readonly burst: number;
}

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #entries: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: RateLimit, entries = 10_000) {
    this.#limit = limit;
    this.#entries = entries;
  }

  /** Takes one request. @returns 0: it may pass; otherwise the seconds after which the next one may, over 0 */
  take(key: string, nowMillis: number): number {
    const { perSecond, burst } = this.#limit;
    if (perSecond === Infinity) return 0;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#entries) this.#makeRoom(nowMillis);
      bucket = { tokens: burst, atMillis: nowMillis };
      this.#buckets.set(key, bucket);
    }
    const elapsedMillis = Math.max(0, nowMillis - bucket.atMillis);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMillis * perSecond) / 1000);
    bucket.atMillis = nowMillis;
    if (bucket.tokens < 1) return (1 - bucket.tokens) / perSecond;
    bucket.tokens--;
    return 0;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #makeRoom(nowMillis: number): void {
    const { perSecond, burst } = this.#limit;
    let looked = 0;
    for (const [key, { tokens, atMillis }] of this.#buckets) {
      if (tokens + ((nowMillis - atMillis) * perSecond) / 1000 >= burst) this.#buckets.delete(key);
      if (++looked >= 64) break; // the cost of one request stays bounded
    }
    if (this.#buckets.size >= this.#entries) this.#buckets.delete(this.#buckets.keys().next().value as string);
  }
}

/** What an address is limited by: IPv4 whole, IPv6 by its /64, which is what one customer has. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.split("%", 1)[0]!.split("::") as [string, string?];
  const front = head === "" ? [] : head.split(":");
  if (tail === undefined) return front.slice(0, 4).join(":");
  const back = tail === "" ? [] : tail.split(":");
  const middle = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return [...front, ...middle, ...back].slice(0, 4).join(":");
}
