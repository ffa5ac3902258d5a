// Two processes, one Redis: a value that both want is loaded by one of them, and the other waits for it. Where Redis is gone both
// go on alone.
//
// npx tsx examples/cache-two-processes.ts redis://127.0.0.1:6379

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openBackend, SmartCache } from "mempred/cache";

const [url = "redis://127.0.0.1:6379", role] = process.argv.slice(2);

if (role === "worker") {
  const cache = new SmartCache<string>({ backend: await openBackend(url, { namespace: "mempred-example" }) });
  await cache.initialize();
  process.on("message", async (run: number) => {
    const answers = await Promise.all(
      Array.from({ length: 25 }, () =>
        cache.getOrSet(`report ${run}`, async () => {
          await new Promise((resolve) => setTimeout(resolve, 100));
          return `made by ${process.pid}`;
        }),
      ),
    );
    process.send?.({ started: cache.stats().loads.started, makers: [...new Set(answers)] });
    await cache.shutdown();
    process.disconnect();
  });
  process.send?.("ready");
} else {
  const workers = [1, 2].map(() => fork(fileURLToPath(import.meta.url), [url, "worker"]));
  const heard = workers.map((worker) => {
    const messages: unknown[] = [];
    const waiting: ((message: unknown) => void)[] = [];
    worker.on("message", (message) => {
      const next = waiting.shift();
      if (next === undefined) messages.push(message);
      else next(message);
    });
    return () => new Promise((resolve) => (messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve)));
  });
  await Promise.all(heard.map((next) => next())); // both are ready
  const run = process.pid; // a key that no earlier run has left
  for (const worker of workers) worker.send(run);
  const reports = (await Promise.all(heard.map((next) => next()))) as { started: number; makers: string[] }[];
  const makers = new Set(reports.flatMap((report) => report.makers));
  console.log(`2 processes × 25 requests at once: made by ${makers.size} process`);
}
