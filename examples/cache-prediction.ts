// What comes next: an editor that opens the same groups of files again and again. The cache learns the order, says what it expects,
// and loads it ahead, so that fewer requests wait; half of the files fit.
//
// npx tsx examples/cache-prediction.ts

import { SmartCache } from "mempred/cache";

const groups = Array.from({ length: 20 }, (_, i) => ["model", "view", "test"].map((part) => `${part}${i}.ts`));
let state = 7;
const draw = (bound: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
};
const visits = Array.from({ length: 400 }, () => groups[draw(groups.length)] as string[]);

for (const isPredicting of [false, true]) {
  const cache = new SmartCache<string>({ max: 30, ttl: 0, prediction: isPredicting, policy: "lru" });
  cache.registerLoader("", (name) => `contents of ${name}`);
  let waits = 0;
  for (const group of visits) {
    for (const name of group) {
      if (!cache.has(name, { context: "editor" })) waits++;
      await cache.getOrSet(name, undefined, { context: "editor" });
      if (isPredicting) await cache.prefetchNext("editor");
    }
  }
  const { prefetched, prediction } = cache.stats();
  console.log(`${isPredicting ? "predicting" : "plain"}: ${waits} of ${visits.length * 3} requests had to wait`);
  if (prediction !== undefined) {
    console.log(`loaded ahead ${prefetched.inserted}, used ${prefetched.used}`);
    await cache.getOrSet("model3.ts", undefined, { context: "editor" });
    console.log(`after model3.ts: ${cache.predictNext("editor")[0]?.key}`);
  }
  await cache.shutdown();
}
