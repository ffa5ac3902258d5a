// A process of its own for smart-cache-backends.test.ts: says "ready", waits for a line, asks a SmartCache over the Redis at the given
// address for one key COUNT times at once, and says how many loads that took here and which values came.

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { openBackend } from "../../live/backends/open-backend.ts";
import { SmartCache } from "../../live/smart-cache.ts";

const [address, count] = process.argv.slice(2) as [string, string];
const cache = new SmartCache<string>({ backend: await openBackend(address, { commandTimeoutMillis: 5_000 }) });
process.stdout.write("ready\n");
await once(process.stdin, "data");
const load = async () => {
  await sleep(100);
  return "loaded once";
};
const values = await Promise.all(Array.from({ length: Number(count) }, () => cache.getOrSet("the key", load)));
const { started } = cache.stats().loads;
process.stdout.write(`${JSON.stringify({ started, answers: values.length, values: [...new Set(values)] })}\n`);
process.stdin.destroy();
await cache.shutdown();
