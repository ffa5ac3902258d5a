// A user who writes and reads, and remembers what was acknowledged: the model that the service is compared with. A write without an
// acknowledgement may have been done, or be done yet: from then on both are possible.

import { RandomStream } from "../../../core/random.ts";
import type { Answer, ServiceClient } from "./client.ts";

interface Known {
  /** What its content may be; null: that it is gone. */
  possible: Set<string | null>;
}

interface SentItem {
  readonly id: string;
  readonly ownerId: string;
  readonly content: string;
  readonly version: number;
}

/** Few enough for all of them to be kept warm. */
const MOST_ITEMS = 30;

export class Writer {
  readonly userId: string;
  readonly token: string;
  /** Acknowledged writes. */
  acknowledged = 0;
  /** Writes that were refused or got no answer. */
  refused = 0;
  /** What was wrong, in words; must stay empty. */
  readonly problems: string[] = [];
  /** Where the lists came from. */
  readonly servedFrom = new Map<string, number>();
  readonly #client: ServiceClient;
  readonly #random: RandomStream;
  readonly #items = new Map<string, Known>();
  /** Contents that may have become items without our having heard of it. */
  readonly #maybeMade = new Set<string>();
  #number = 0;

  constructor(client: ServiceClient, user: { userId: string; token: string }, seed: number) {
    this.#client = client;
    this.userId = user.userId;
    this.token = user.token;
    this.#random = new RandomStream(seed, user.userId);
  }

  /** One write, or one look at one's own lists, which must show all that was acknowledged before. */
  async step(): Promise<void> {
    const drawn = this.#random.next();
    const ids = [...this.#items.keys()].filter((id) => this.#isCertain(id));
    const id = ids[this.#random.integer(Math.max(1, ids.length))];
    if (drawn < 0.4) await this.look();
    else if (ids.length >= MOST_ITEMS || (drawn < 0.5 && id !== undefined)) await this.#remove(id!);
    else if (drawn < 0.75 && id !== undefined) await this.#change(id);
    else await this.#make();
  }

  /** Reads what is preloaded and compares it. */
  async look(): Promise<void> {
    const known = new Map([...this.#items].map(([id, { possible }]) => [id, new Set(possible)]));
    const answer = await this.#client.ask("GET /memory/memories", { token: this.token }, "/memory/memories?limit=100");
    if (answer.status !== 200) return;
    const { items, servedFrom } = answer.body as { items: { item: SentItem }[]; servedFrom: string };
    this.servedFrom.set(servedFrom, (this.servedFrom.get(servedFrom) ?? 0) + 1);
    this.#compare(
      "preloaded",
      items.map(({ item }) => item),
      known,
    );
  }

  /** Reads all items page by page and compares them; the user must not be writing. Returns false when it could not be read. */
  async verify(): Promise<boolean> {
    const found: SentItem[] = [];
    let after: string | null = "";
    while (after !== null) {
      const path: string = `/memory/items?limit=100${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`;
      const answer = await this.#client.ask("GET /memory/items", { token: this.token }, path);
      if (answer.status !== 200) return false;
      const page = answer.body as { items: SentItem[]; next: string | null };
      found.push(...page.items);
      after = page.next;
    }
    this.#compare("stored", found, this.#possible());
    return true;
  }

  #possible(): Map<string, Set<string | null>> {
    return new Map([...this.#items].map(([id, { possible }]) => [id, possible]));
  }

  #compare(what: string, found: readonly SentItem[], known: ReadonlyMap<string, ReadonlySet<string | null>>): void {
    const seen = new Set<string>();
    for (const { id, ownerId, content } of found) {
      if (seen.has(id)) this.problems.push(`${what}: item ${id} comes twice`);
      seen.add(id);
      if (ownerId !== this.userId) this.problems.push(`${what}: item ${id} is of ${ownerId}, asked by ${this.userId}`);
      const possible = known.get(id);
      if (possible === undefined ? !this.#maybeMade.has(content) : !possible.has(content))
        this.problems.push(`${what}: item ${id} says ${content}, expected ${[...(possible ?? [])].join(" or ")}`);
    }
    for (const [id, possible] of known)
      if (!possible.has(null) && !seen.has(id)) this.problems.push(`${what}: item ${id} is missing`);
  }

  async #make(): Promise<void> {
    const content = this.#text();
    const body = {
      content,
      contexts: this.#random.next() < 0.5 ? ["work"] : ["work", "home"],
      importance: this.#random.next() < 0.3 ? 0.9 : 0.1,
      isPinned: this.#random.next() < 0.1,
    };
    const answer = await this.#client.ask("POST /memory/items", { token: this.token, body });
    if (this.#isDone(answer, 201)) this.#items.set((answer.body as SentItem).id, { possible: new Set([content]) });
    else this.#maybeMade.add(content);
  }

  async #change(id: string): Promise<void> {
    const content = this.#text();
    const answer = await this.#client.ask(
      "PATCH /memory/items/{id}",
      { token: this.token, body: { content } },
      `/memory/items/${id}`,
    );
    if (this.#isDone(answer, 200)) this.#items.set(id, { possible: new Set([content]) });
    else this.#items.get(id)!.possible.add(content);
  }

  async #remove(id: string): Promise<void> {
    const answer = await this.#client.ask("DELETE /memory/items/{id}", { token: this.token }, `/memory/items/${id}`);
    if (this.#isDone(answer, 204)) this.#items.set(id, { possible: new Set([null]) });
    else this.#items.get(id)!.possible.add(null);
  }

  #isDone({ status }: Answer, expected: number): boolean {
    if (status === expected) this.acknowledged++;
    else this.refused++;
    return status === expected;
  }

  #isCertain(id: string): boolean {
    const { possible } = this.#items.get(id)!;
    return possible.size === 1 && !possible.has(null);
  }

  #text(): string {
    return `${this.userId} writes ${++this.#number}`;
  }
}
