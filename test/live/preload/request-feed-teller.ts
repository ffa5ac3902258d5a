// A thread that tells requests as fast as it can, and says how many were told, of how many.

import { parentPort, workerData } from "node:worker_threads";
import { RequestTeller } from "../../../live/preload/request-feed.ts";

const { buffer, name, count } = workerData as { buffer: SharedArrayBuffer; name: string; count: number };
const teller = new RequestTeller(buffer);
let told = 0;
for (let i = 0; i < count; i++) {
  if (teller.tell({ component: `${name}/${i}`, user: name, atMillis: i })) told++;
}
// Whatever was lost at the end is told with one more.
const cell = new Int32Array(new SharedArrayBuffer(4));
let tries = count + 1;
for (; !teller.tell({ component: `${name}/last`, user: name, atMillis: count }); tries++) Atomics.wait(cell, 0, 0, 1);
parentPort!.postMessage({ told: told + 1, tries });
