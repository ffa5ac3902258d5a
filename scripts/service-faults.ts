// The service while Redis is killed and started again, many times, under load, then after a SIGKILL of the service itself: prints how
// many requests there were and of which outcome, the longest, and what was lost. Needs redis-server. The test of the same
// (test/service/faults) is short; this may run for as long as one likes.
//
//   npx tsx scripts/service-faults.ts [--kills 100] [--users 12] [--json]

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TestRedis } from "../test/live/backends/redis-process.ts";
import { killRedis } from "../test/service/faults/redis-kills.ts";
import { ServiceProcess } from "../test/service/faults/service-process.ts";
import { Trial } from "../test/service/faults/trial.ts";
import { LoopLag } from "../test/service/loop-lag.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    users: { type: "string", default: "12" },
    json: { type: "boolean", default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), "mempred-service-faults-"));
const lag = new LoopLag();
const redis = await TestRedis.start();
const adminToken = `mp_${randomBytes(32).toString("base64url")}`;
const options = { database: join(folder, "service.db"), redisUrl: redis.url, adminToken };
let service = await ServiceProcess.start(options);
let trial: Trial | undefined;
try {
  trial = await Trial.begin(service, adminToken, Number(values.users), lag);
  const longestRecoveryMillis = await killRedis(trial, redis, Number(values.kills), lag);
  await trial.verify();
  let { unhandledRejections } = await service.report();
  await service.kill();
  service = await ServiceProcess.start(options);
  trial.client.moveTo(service.url);
  const problems = await trial.verify();
  unhandledRejections += (await service.report()).unhandledRejections;
  const figures = {
    kills: Number(values.kills),
    ...trial.figures(),
    longestRecoveryMillis,
    unhandledRejections,
    problems,
  };
  if (values.json) console.log(JSON.stringify(figures, null, 2));
  else print(figures);
  process.exitCode =
    problems.length + unhandledRejections + figures.undocumented.length + figures.hanging === 0 ? 0 : 1;
} finally {
  trial?.close();
  lag.close();
  await service.kill();
  await redis.dispose();
  rmSync(folder, { recursive: true, force: true });
}

type Figures = ReturnType<Trial["figures"]> & {
  readonly kills: number;
  readonly longestRecoveryMillis: number;
  readonly unhandledRejections: number;
  readonly problems: readonly string[];
};

function print(figures: Figures): void {
  const { outcomes, servedFrom, problems, undocumented, ...numbers } = figures;
  for (const [name, value] of Object.entries(numbers)) console.log(`${name}: ${Math.round(value)}`);
  console.log(`lost, changed or foreign items: ${problems.length}`);
  for (const problem of [...problems, ...undocumented]) console.log(`  ${problem}`);
  for (const [name, value] of Object.entries({ ...outcomes, ...servedFrom })) console.log(`  ${value}  ${name}`);
}
