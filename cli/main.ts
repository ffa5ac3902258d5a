// The entry of the command: the process's own host, and the exit status.

import { availableParallelism } from "node:os";
import { processHost } from "./host.ts";
import { runCli } from "./program.ts";

const status = await runCli(process.argv.slice(2), processHost(availableParallelism()), (code) => {
  process.exitCode = code;
});
process.exitCode = status;
