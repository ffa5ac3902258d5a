import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { startWorker } from "../../../cli/pool.ts";
import { RequestFeed, RequestTeller } from "../../../live/preload/request-feed.ts";
import type { ComponentRequest } from "../../../preload/contract.ts";
import { IntRing } from "../../../preload/ring/int-ring.ts";

function feedOf(options: { capacity?: number; nameBytes?: number; everyMillis?: number } = {}) {
  const received: ComponentRequest[] = [];
  const feed = new RequestFeed({ receive: (request) => received.push(request), ...options });
  return { received, feed, teller: new RequestTeller(feed.buffer) };
}

describe("RequestFeed", () => {
  it("P40 P50: what one end tells the other receives, in order of time, and times never decrease", () => {
    const { received, feed, teller } = feedOf();
    const requests: ComponentRequest[] = [
      { component: "a/b.md", user: "Ada", atMillis: 1.5, isFirst: true },
      { component: "\uFEFFGrüße 👋", user: "", atMillis: 3, isFirst: false },
      { component: "", user: "Zoë", atMillis: 2, isFirst: false },
    ];
    for (const request of requests) expect(teller.tell(request)).toBe(true);
    expect(feed.drain()).toBe(3);
    expect(received).toEqual([requests[0], requests[2], requests[1]]);
    teller.tell({ component: "late", atMillis: 1 });
    feed.drain();
    expect(received.at(-1)).toEqual({ component: "late", user: "", atMillis: 3, isFirst: false });
    expect(feed.drain()).toBe(0);
    expect(feed.counts).toEqual({ received: 4, lost: 0, failed: 0 });
  });

  it("P37: a full ring and names that are too long lose a request and never wait; the next one tells how many", () => {
    const { received, feed, teller } = feedOf({ capacity: 2, nameBytes: 9 });
    const tell = (component: string) => teller.tell({ component, user: "u", atMillis: 1 });
    expect([tell("12345678"), tell("é".repeat(5)), tell("b"), tell("c"), tell("d")]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(teller.lostCount).toBe(2);
    feed.drain();
    expect(feed.counts).toEqual({ received: 2, lost: 1, failed: 0 });
    expect([tell("e"), teller.lostCount, feed.drain()]).toEqual([true, 0, 1]);
    expect(feed.counts).toEqual({ received: 3, lost: 3, failed: 0 });
    expect(received.map(({ component }) => component)).toEqual(["12345678", "b", "e"]);
  });

  it("a receiver that throws loses its own request only; a foreign buffer is an error", () => {
    const feed = new RequestFeed({
      receive: ({ component }) => {
        if (component === "bad") throw new Error("no");
      },
    });
    const teller = new RequestTeller(feed.buffer);
    for (const component of ["a", "bad", "b"]) teller.tell({ component, atMillis: 0 });
    expect(feed.drain()).toBe(3);
    expect(feed.counts).toEqual({ received: 3, lost: 0, failed: 1 });
    expect(() => new RequestTeller(IntRing.create(4).buffer)).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT" }),
    );
  });

  it("P40 P50: threads tell, the learner empties the ring by its timer, and every request is received or counted as lost", async () => {
    const { received, feed } = feedOf({ capacity: 512, everyMillis: 1 });
    const count = 10_000;
    const module = new URL("./request-feed-teller.ts", import.meta.url);
    const threads = ["x", "y"].map((name) => startWorker(module, { buffer: feed.buffer, name, count }));
    feed.start();
    const ends = await Promise.all(threads.map((thread) => once(thread, "message")));
    let [told, tries] = [0, 0];
    for (const [end] of ends as [{ told: number; tries: number }][]) {
      told += end.told;
      tries += end.tries;
    }
    while (feed.counts.received < told) await sleep(1);
    feed.stop();
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(feed.counts).toEqual({ received: told, lost: tries - told, failed: 0 });
    expect(new Set(received.map(({ component }) => component)).size).toBe(received.length);
    for (const name of ["x", "y"]) {
      const own = received.filter(({ user }) => user === name).map(({ component }) => component);
      expect(own.at(-1)).toBe(`${name}/last`);
      const numbers = own.slice(0, -1).map((component) => Number(component.split("/")[1]));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
  });
});
