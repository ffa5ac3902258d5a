// The service as a process, for tests that kill it. In its argument it gets its options; it says where it listens, or why it cannot start, and when asked for
// a report what it has seen of itself.

import { createInterface } from "node:readline";
import { MempredError } from "../../../core/errors.ts";
import { startService } from "../../../service/serve.ts";

export interface ChildOptions {
  readonly database: string;
  readonly redisUrl?: string;
  readonly adminToken: string;
}

export interface ChildReport {
  readonly unhandledRejections: number;
}

const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
let unhandledRejections = 0;
process.on("unhandledRejection", (reason) => {
  unhandledRejections++;
  process.stderr.write(`unhandled: ${String(reason)}\n`);
});

const options = JSON.parse(process.argv[2]!) as ChildOptions;
const unlimited = { perSecond: Infinity, burst: 1 };
const service = await startService({
  databasePath: options.database,
  redisUrl: options.redisUrl,
  port: 0,
  adminToken: options.adminToken,
  http: { tokenRate: unlimited, addressRate: unlimited },
}).catch((error: unknown) => {
  say({ failure: error instanceof MempredError ? error.code : String(error) });
  process.exit(1);
});
say({ url: service.url });
createInterface({ input: process.stdin }).on("line", () =>
  say({ report: { unhandledRejections } satisfies ChildReport }),
);
process.once("SIGTERM", () => void service.stop().then(() => process.exit(unhandledRejections === 0 ? 0 : 1)));
