// C25: the Redis backend.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeKey, encodeKey } from "../../../live/backends/key-bytes.ts";
import { RedisBackend } from "../../../live/backends/redis.ts";
import { describeBackend } from "./conformance.ts";
import { collect, entryOf, textOf } from "./entries.ts";
import { describeWithRedis, TestRedis } from "./redis-server.ts";

/** What is tested here is not the time limit, and the machine may be busy. */
const commandTimeoutMillis = 10_000;

describeWithRedis("redis", () => {
  let server: TestRedis;
  let small: TestRedis;
  beforeAll(async () => {
    [server, small] = await Promise.all([
      TestRedis.start(),
      TestRedis.start("--maxmemory", "6mb", "--maxmemory-policy", "noeviction", "--io-threads", "1"),
    ]);
  });
  afterAll(async () => {
    await server.dispose();
    await small.dispose();
  });

  let namespaces = 0;
  const entryKey = (key: string) => Buffer.concat([Buffer.from(`mempred:1:n${namespaces}:e:`), encodeKey(key)]);

  describeBackend("redis", {
    open: (onProblem) =>
      RedisBackend.open(server.url, { namespace: `n${++namespaces}`, onProblem, commandTimeoutMillis }),
    openSmall: async () => {
      await small.command(["FLUSHALL"]);
      return RedisBackend.open(small.url, { commandTimeoutMillis });
    },
    now: Date.now,
    advance: (millis) => sleep(millis),
    damage: async (key) => {
      await server.command(["SETRANGE", entryKey(key), "45", "\u0007"]);
    },
    hasSize: false,
  });

  const open = (namespace: string) => RedisBackend.open(server.url, { namespace, commandTimeoutMillis });

  it("clears its namespace and nothing else", async () => {
    const [one, two] = await Promise.all([open("one"), open("one.two")]);
    await server.command(["SET", "foreign", "stays"]);
    for (const backend of [one, two]) await backend.set("a", entryOf("1", { tags: ["t"] }));
    expect(await one.clear()).toBe(1);
    expect(await one.get("a")).toBeNull();
    expect(textOf(await two.get("a"))).toBe("1");
    expect(await one.deleteTag("t")).toBe(0);
    expect(await two.deleteTag("t")).toBe(1);
    expect(await server.command(["GET", "foreign"])).toBe("stays");
    await Promise.all([one.close(), two.close()]);
  });

  it("sets a value together with its TTL, and leaves nothing of its own behind", async () => {
    let ahead = 0;
    const backend = await RedisBackend.open(server.url, {
      namespace: "traces",
      commandTimeoutMillis,
      now: () => Date.now() + ahead,
    });
    const now = Date.now();
    const long = { expiresAtMillis: now + 50_000, keepUntilMillis: now + 50_000 };
    const short = { expiresAtMillis: now + 30_000, keepUntilMillis: now + 30_000 };
    await backend.set("long", entryOf("1", { ...long, tags: ["t"] }));
    const ttl = (await server.command(["PTTL", "mempred:1:traces:e:long"])) as number;
    expect(ttl).toBeGreaterThan(30_000);
    expect(ttl).toBeLessThanOrEqual(50_000);
    const setTtl = (await server.command(["PTTL", "mempred:1:traces:t:t"])) as number;
    expect(Math.abs(setTtl - ttl)).toBeLessThan(5_000);
    await backend.set("endless", entryOf("1", { tags: ["t"] }));
    expect(await server.command(["PTTL", "mempred:1:traces:t:t"])).toBe(-1);
    for (let i = 0; i < 20; i++) await backend.set(`short ${i}`, entryOf("1", { ...short, tags: ["t"] }));
    expect(await server.command(["ZCARD", "mempred:1:traces:t:t"])).toBe(22);
    ahead = 40_000;
    await backend.set("next", entryOf("1", { tags: ["t"] })); // cleans the set up
    expect(await server.command(["ZCARD", "mempred:1:traces:t:t"])).toBe(3);
    for (let i = 0; i < 20; i++) await backend.delete(`short ${i}`); // only its own clock says that they are over
    await backend.delete("next");
    await backend.set("endless", entryOf("without tag"));
    expect(await server.command(["ZRANGE", "mempred:1:traces:t:t", "0", "-1"])).toEqual(["long"]);
    expect(await backend.deleteTag("t")).toBe(1);
    await (await backend.lease("a", 5_000))!.release();
    await backend.delete("endless");
    expect(await server.command(["KEYS", "mempred:1:traces:*"])).toEqual([]);
    await backend.close();
  });

  it("takes what is no entry at all for a damaged one", async () => {
    const problems: string[] = [];
    const backend = await RedisBackend.open(server.url, {
      namespace: "foreign",
      commandTimeoutMillis,
      onProblem: (problem) => problems.push(problem.code),
    });
    await server.command(["LPUSH", "mempred:1:foreign:e:list", "1"]);
    await server.command(["SET", "mempred:1:foreign:e:text", "short"]);
    expect(await backend.get("list")).toBeNull();
    expect(await backend.get("text")).toBeNull();
    expect(problems).toEqual(["BACKEND_DAMAGED", "BACKEND_DAMAGED"]);
    await server.command(["LPUSH", "mempred:1:foreign:e:list", "1"]);
    await backend.set("list", entryOf("an entry now"));
    expect(textOf(await backend.get("list"))).toBe("an entry now");
    await backend.close();
  });

  it("never asks for all keys at once", async () => {
    const backend = await open("commands");
    await server.command(["CONFIG", "RESETSTAT"]);
    await backend.setMany(new Map(Array.from({ length: 50 }, (_, i) => [`${i}`, entryOf("1", { tags: ["t"] })])));
    await collect(backend.keys());
    await backend.deleteTag("t");
    await backend.clear();
    const statistics = (await server.command(["INFO", "commandstats"])) as string;
    expect(statistics).toContain("cmdstat_scan");
    expect(statistics).not.toMatch(/cmdstat_(keys|flushdb|flushall|del):/);
    await backend.close();
  });

  it("refuses addresses and options that make no sense, without repeating a password", async () => {
    const addresses = [
      "redis://",
      "redis://host/name",
      "redis://:secret@host:99999/",
      "redis://host?unknown=1",
      "http://host/",
      "redis://:secret@host/0?namespace=a:b",
    ];
    for (const address of addresses) {
      const error = await RedisBackend.open(address).then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(error, address).toMatchObject({ code: "INVALID_INPUT" });
      expect(error!.message).not.toContain("secret");
    }
    await expect(RedisBackend.open(server.url, { commandTimeoutMillis: 0 })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
  });

  it("keys and their bytes are one to one", () => {
    for (const key of [
      "a",
      "\ud800",
      "\udfff",
      "a\ud800b\udc00\ud800",
      "\ud7ff\ue000",
      "퟿",
      "\ud800\udc00\udc00",
      "í\u00ad",
    ])
      expect(decodeKey(encodeKey(key))).toBe(key);
  });
});
