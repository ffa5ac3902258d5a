// The service with users who write and read while something is done to it: who they are, the load, and what must hold afterwards.

import { setTimeout as sleep } from "node:timers/promises";
import type { LoopLag } from "../loop-lag.ts";
import { ServiceClient } from "./client.ts";
import type { ServiceProcess } from "./service-process.ts";
import { Writer } from "./writer.ts";

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Readonly<Record<string, unknown>> }>>>>;
}

export interface Health {
  readonly part: string;
  readonly state: "up" | "degraded" | "down";
  readonly reason?: string;
  readonly sinceMillis: number;
}

export interface TrialFigures {
  readonly requests: number;
  readonly longestMillis: number;
  /** Requests that were given up without an answer. */
  readonly hanging: number;
  readonly acknowledgedWrites: number;
  readonly refusedWrites: number;
  /** "GET /memory/memories 200" → how often. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Those of them that the service does not document, 0 for no answer among them. */
  readonly undocumented: readonly string[];
  /** Where lists came from, as their readers were told. */
  readonly servedFrom: Readonly<Record<string, number>>;
}

/** How long a part may take to become what is waited for; far more than it should. */
const PATIENCE_MILLIS = 30_000;

/** Between two requests of one user: the machine has other things to do as well. */
const PAUSE_MILLIS = 3;

export class Trial {
  readonly client: ServiceClient;
  readonly adminToken: string;
  readonly writers: Writer[] = [];
  readonly #documented = new Map<string, ReadonlySet<string>>();

  private constructor(client: ServiceClient, adminToken: string) {
    this.client = client;
    this.adminToken = adminToken;
  }

  /** Makes the users and reads what the service documents. */
  static async begin(service: ServiceProcess, adminToken: string, users: number, lag: LoopLag): Promise<Trial> {
    const trial = new Trial(new ServiceClient(service.url, lag), adminToken);
    const document = (await trial.client.ask("GET /openapi.json")).body as OpenApi;
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { responses }] of Object.entries(methods))
        trial.#documented.set(`${method.toUpperCase()} ${path}`, new Set(Object.keys(responses)));
    for (let seed = 1; seed <= users; seed++)
      trial.writers.push(new Writer(trial.client, await trial.#makeUser(), seed));
    return trial;
  }

  async #makeUser(): Promise<{ userId: string; token: string }> {
    const token = this.adminToken;
    const user = (await this.client.ask("POST /admin/users", { token, body: {} })).body as { id: string };
    const path = `/admin/users/${user.id}/tokens`;
    const made = await this.client.ask("POST /admin/users/{id}/tokens", { token, body: {} }, path);
    return { userId: user.id, token: (made.body as { token: string }).token };
  }

  /** All users write and read for as long as `work` takes. */
  async underLoad(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const writing = this.writers.map(async (writer) => {
      while (!isOver) {
        await writer.step();
        await sleep(PAUSE_MILLIS);
      }
    });
    const reading = this.writers.slice(0, 3).map(async ({ token }) => {
      for (let i = 0; !isOver; i++) {
        if (i % 3 === 0) await this.client.ask("GET /memory/trending", { token });
        else await this.client.ask("GET /memory/relevant", { token }, "/memory/relevant?context=work&limit=50");
        await sleep(PAUSE_MILLIS);
      }
    });
    try {
      await work();
    } finally {
      isOver = true;
      await Promise.all([...writing, ...reading]);
    }
  }

  /** What is up and what is not, as an admin sees it. */
  async health(): Promise<readonly Health[]> {
    const answer = await this.client.ask("GET /memory/preload/status", { token: this.adminToken });
    return answer.status === 200 ? (answer.body as { health: readonly Health[] }).health : [];
  }

  /** Until the status says so of the part. Throws when it does not come to that. */
  async waitFor(part: string, state: Health["state"]): Promise<Health> {
    const until = performance.now() + PATIENCE_MILLIS;
    for (;;) {
      const found = (await this.health()).find((one) => one.part === part);
      if (found?.state === state) return found;
      if (performance.now() > until) throw new Error(`${part} is not ${state}: ${JSON.stringify(found)}`);
      await sleep(10);
    }
  }

  /** Compares all that every user wrote with what is kept. @returns problems, in words */
  async verify(): Promise<string[]> {
    const problems: string[] = [];
    for (const writer of this.writers) {
      await writer.look();
      if (!(await writer.verify())) problems.push(`the items of ${writer.userId} could not be read`);
      problems.push(...writer.problems);
    }
    return problems;
  }

  /** Statuses that the service does not document, and answers that never came. */
  undocumented(): string[] {
    return [...this.client.outcomes.keys()].filter((outcome) => {
      const at = outcome.lastIndexOf(" ");
      return this.#documented.get(outcome.slice(0, at))?.has(outcome.slice(at + 1)) !== true;
    });
  }

  figures(): TrialFigures {
    const { requests, longestMillis, hanging, outcomes } = this.client;
    return {
      requests,
      longestMillis,
      hanging,
      acknowledgedWrites: this.writers.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      refusedWrites: this.writers.reduce((sum, { refused }) => sum + refused, 0),
      outcomes: Object.fromEntries([...outcomes].sort()),
      undocumented: this.undocumented(),
      servedFrom: sumOf(this.writers.map((writer) => writer.servedFrom)),
    };
  }

  close(): void {
    this.client.close();
  }
}

function sumOf(counts: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts) for (const [name, count] of one) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
