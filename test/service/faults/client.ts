// A client of the service that counts: every status by route, the longest answer (freed from the times that this process stood still),
// and what got no answer at all.

import { Agent, request } from "node:http";
import type { LoopLag } from "../loop-lag.ts";

export interface Answer {
  /** 0: the connection ended without one. */
  readonly status: number;
  readonly body: unknown;
}

export interface AskOptions {
  readonly token?: string;
  readonly body?: unknown;
}

/** A request that got no answer within this is counted as hanging. */
const GIVE_UP_MILLIS = 20_000;

export class ServiceClient {
  /** "GET /memory/memories 200" → how often; 0 for no answer. */
  readonly outcomes = new Map<string, number>();
  #base: string;
  requests = 0;
  longestMillis = 0;
  /** Of requests that were given up. */
  hanging = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #lag: LoopLag;

  constructor(base: string, lag: LoopLag) {
    this.#base = base;
    this.#lag = lag;
  }

  /** @param route for the counts, e.g. "PATCH /memory/items/{id}"; `path` where it has parts to fill in */
  async ask(route: string, options: AskOptions = {}, path = route.split(" ")[1]!): Promise<Answer> {
    let answer: Answer = { status: 0, body: undefined };
    const millis = await this.#lag.time(async () => {
      answer = await this.#send(route.split(" ")[0]!, path, options);
    });
    this.requests++;
    this.longestMillis = Math.max(this.longestMillis, millis);
    const outcome = `${route} ${answer.status}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    return answer;
  }

  /** The service was started again, elsewhere. */
  moveTo(base: string): void {
    this.#base = base;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, { token, body }: AskOptions): Promise<Answer> {
    return new Promise((resolve) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers: Record<string, string> = {};
      if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
      if (text !== undefined) {
        headers["content-type"] = "application/json";
        headers["content-length"] = `${Buffer.byteLength(text)}`;
      }
      const sent = request(`${this.#base}${path}`, { method, headers, agent: this.#agent }, (response) => {
        let received = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (received += part));
        response.on("end", () => {
          const isJson = /json/.test(response.headers["content-type"] ?? "");
          resolve({ status: response.statusCode!, body: isJson ? JSON.parse(received) : received });
        });
        response.on("error", () => resolve({ status: 0, body: undefined }));
      });
      sent.setTimeout(GIVE_UP_MILLIS, () => {
        this.hanging++;
        sent.destroy(new Error("no answer"));
      });
      sent.on("error", () => resolve({ status: 0, body: undefined }));
      sent.end(text);
    });
  }
}
