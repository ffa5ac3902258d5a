// A program whose users go through the same pages again and again. Each page takes 2 ms to load and the user reads it for 6 ms; half
// of the pages fit the memory. The preloader learns the ways through the program and loads the next page while this one is read.
// The same object without loading ahead runs beside it, on the same requests.
//
// npx tsx examples/preload-components.ts

import { setTimeout as sleep } from "node:timers/promises";
import { ComponentPreloader } from "mempred/preload";

const WAYS = [
  ["start", "orders", "order", "invoice", "print"],
  ["start", "search", "results", "item", "cart", "pay"],
  ["start", "profile", "settings", "devices"],
  ["start", "help", "topics", "article", "contact"],
];

/** Loads a page: here it takes 2 ms. */
const load = async (page: string): Promise<string> => {
  await sleep(2);
  return `<main>${page}</main>`;
};

const ahead = new ComponentPreloader<string>({ load, max: 10 });
const plain = new ComponentPreloader<string>({ load, max: 10, isPreloading: false });

let state = 7;
const draw = (bound: number) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
};

for (let visit = 0; visit < 40; visit++) {
  const way = WAYS[draw(WAYS.length)] as string[];
  for (const [i, page] of way.entries()) {
    const options = { user: `visitor ${visit % 5}`, isFirst: i === 0 };
    await Promise.all([ahead.get(page, options), plain.get(page, options)]);
    await sleep(6); // the page is read
  }
}
await ahead.idle();

const percent = (ratio: number) => `${(100 * ratio).toFixed(1)} %`;
for (const [name, preloader] of [
  ["ahead", ahead],
  ["plain", plain],
] as const) {
  const { requests, hitRatio, responses, preloads, preloadHits } = preloader.statistics();
  console.log(
    `${name}: ${requests} requests, ${percent(hitRatio)} from memory, ` +
      `${responses.meanMillis.toFixed(2)} ms a request on the average, ${responses.coldMillis.toFixed(2)} ms a load`,
  );
  if (preloads.begun === 0) continue;
  console.log(
    `${name}: loaded ahead ${preloads.begun}: ${preloadHits} in time, ${preloads.late} late, ${preloads.wasted} for nothing`,
  );
}
await ahead.get("orders", { user: "visitor 0" });
const ways = ahead.expect("visitor 0").sort((a, b) => a.step - b.step);
console.log(`expected after orders: ${ways.map((one) => `${one.component} (step ${one.step})`).join(", ")}`);
await Promise.all([ahead.close(), plain.close()]);
