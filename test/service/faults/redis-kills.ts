// Redis killed and started again, many times, while users write and read.

import { setTimeout as sleep } from "node:timers/promises";
import type { TestRedis } from "../../live/backends/redis-process.ts";
import type { LoopLag } from "../loop-lag.ts";
import type { Trial } from "./trial.ts";

/** @returns the longest time from a start of Redis until the status said that it is up, ms */
export async function killRedis(trial: Trial, redis: TestRedis, kills: number, lag: LoopLag): Promise<number> {
  let longestMillis = 0;
  await trial.underLoad(async () => {
    await sleep(100);
    for (let kill = 0; kill < kills; kill++) {
      await redis.kill();
      await sleep(20 + ((kill * 37) % 60));
      await redis.launch();
      longestMillis = Math.max(longestMillis, await lag.time(() => trial.waitFor("redis", "up")));
      await sleep(30);
    }
  });
  return longestMillis;
}
