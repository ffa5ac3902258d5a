// Who is asking. Tokens that were found valid are remembered for a short time, so that a warm read asks the store for nothing; one
// that is revoked is forgotten at once. A process beside this one on the same store goes on taking it until its own memory is over.

import { timingSafeEqual } from "node:crypto";
import type { Identity } from "../identity.ts";
import type { ItemStore } from "../store/item-store.ts";
import { hashToken } from "./access-token.ts";

interface Known {
  readonly hash: Uint8Array;
  readonly identity: Identity;
  /** When the token ends, and when it is looked up again. */
  readonly untilMillis: number;
}

export interface TokenAuthorityOptions {
  /** How long a token that was found valid is taken without asking the store. Default 5,000. */
  readonly rememberMillis?: number | undefined;
  /** Most tokens remembered. Default 20,000. */
  readonly entries?: number | undefined;
  readonly nowMillis?: (() => number) | undefined;
}

export class TokenAuthority {
  readonly #store: Pick<ItemStore, "findToken">;
  readonly #rememberMillis: number;
  readonly #entries: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  /** Grows with each revocation: what was looked up before is not remembered after. */
  #revocations = 0;

  constructor(store: Pick<ItemStore, "findToken">, options: TokenAuthorityOptions = {}) {
    this.#store = store;
    this.#rememberMillis = options.rememberMillis ?? 5_000;
    this.#entries = options.entries ?? 20_000;
    this.#now = options.nowMillis ?? Date.now;
  }

  /** The bearer of a token; undefined: it is unknown, expired or revoked. At once when it is remembered. */
  identify(token: string): Identity | undefined | Promise<Identity | undefined> {
    const hash = hashToken(token);
    const key = hash.toString("latin1");
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() < known.untilMillis && timingSafeEqual(known.hash, hash))
      return known.identity;
    return this.#lookUp(hash, key);
  }

  /** A token is revoked: call it before and after the store is told. */
  forget(tokenId: string): void {
    this.#revocations++;
    for (const [key, { identity }] of this.#known) if (identity.tokenId === tokenId) this.#known.delete(key);
  }

  async #lookUp(hash: Uint8Array, key: string): Promise<Identity | undefined> {
    const revocations = this.#revocations;
    this.#known.delete(key);
    const found = await this.#store.findToken(hash);
    const now = this.#now();
    if (found === undefined || !timingSafeEqual(found.token.hash, hash)) return undefined;
    const { token, identity } = found;
    if (token.revokedMillis !== null || token.expiresMillis <= now) return undefined;
    if (revocations !== this.#revocations) return identity;
    if (this.#known.size >= this.#entries) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(key, {
      hash: Uint8Array.from(hash),
      identity,
      untilMillis: Math.min(token.expiresMillis, now + this.#rememberMillis),
    });
    return identity;
  }
}
