// Redis servers of the tests. Where there is no redis-server the tests that need one are skipped with a line that says so; in CI that
// is a failure.

import { describe, expect, it } from "vitest";
import { isRedisInstalled } from "./redis-process.ts";

export { freePort, TestRedis } from "./redis-process.ts";

const isInstalled = isRedisInstalled();

/** `describe` for tests that need a server. */
export function describeWithRedis(name: string, body: () => void): void {
  if (isInstalled) describe(name, body);
  else if (process.env["CI"])
    describe(name, () => it("needs redis-server", () => expect.fail("redis-server is not installed")));
  else {
    process.stderr.write(`${name}: skipped, redis-server is not installed\n`);
    describe.skip(`${name}: redis-server is not installed`, body);
  }
}
