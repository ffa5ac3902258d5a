// Answers of a slow service, cached in front of it: a hundred requests at once cost it one call; what is a little too old is
// served while one call renews it; when the service is down the last good answer is served.
//
// npx tsx examples/cache-http-responses.ts

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SmartCache } from "mempred/cache";

let calls = 0;
let isDown = false;
const service = await listen((url) => {
  calls++;
  if (isDown) throw new Error("out of order");
  return `price of ${url.slice(1)}, version ${calls}`;
});

let now = 0;
const cache = new SmartCache<string>({
  ttl: 60_000,
  staleWhileRevalidateMillis: 60_000,
  staleIfErrorMillis: 3_600_000,
  earlyRefreshBeta: 0, // so that this example prints the same each time
  nowMillis: () => now,
});
cache.registerLoader("GET ", async (key, { signal }) => {
  const answer = await fetch(service.address + key.slice("GET ".length), { signal });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.text();
});
const front = await listen((url) => cache.getOrSet(`GET ${url}`));
const ask = async (path: string) => (await fetch(front.address + path)).text();

const answers = await Promise.all(Array.from({ length: 100 }, () => ask("/tea")));
console.log(`100 requests at once: ${new Set(answers).size} answer, ${calls} call`);

now += 61_000;
console.log(`after 61 s: "${await ask("/tea")}", renewed behind it`);
await until(() => cache.peek("GET /tea") === "price of tea, version 2");
console.log(`then: "${await ask("/tea")}"`);

isDown = true;
now += 600_000;
console.log(`service down for 10 min: "${await ask("/tea")}"`);
const { loads } = cache.stats();
console.log(`${calls} calls in all; ${loads.failed} failed and nobody noticed`);

await cache.shutdown();
await Promise.all([front.close(), service.close()]);

async function listen(answer: (url: string) => string | Promise<string>) {
  const server: Server = createServer(async (request, response) => {
    try {
      response.end(await answer(request.url ?? "/"));
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
