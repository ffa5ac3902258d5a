// A process of its own for the tests: opens a backend, does one job, says how it went in lines on stdout.
//
//   write ADDRESS          stores key-0, key-1, … and says "acknowledged N" after each, until it is killed
//   hold ADDRESS           opens, says "open", and stays until it is killed
//   load ADDRESS COUNT     says "ready", waits for a line on stdin, asks for one key COUNT times at once, says how many it loaded
//   wait ADDRESS MS        opens, waiting that long for the lock; says "open" or the error's code

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MempredError } from "../../../core/errors.ts";
import { loadOnce } from "../../../live/backends/load-once.ts";
import { openBackend } from "../../../live/backends/open-backend.ts";
import { entryOf } from "./entries.ts";

const [job, address, argument] = process.argv.slice(2) as [string, string, string];

try {
  // Without haste: the machine may be busy, and what is tested here is not the time limit.
  const backend = await openBackend(address, {
    lockWaitMillis: job === "wait" ? Number(argument) : 0,
    commandTimeoutMillis: 5_000,
  });
  if (job === "write") {
    for (let count = 0; ; count++) {
      await backend.set(`key-${count}`, entryOf(`value ${count}`, { tags: [`tag-${count % 3}`] }));
      process.stdout.write(`acknowledged ${count}\n`);
    }
  }
  if (job === "load") {
    process.stdout.write("ready\n");
    await once(process.stdin, "data");
    let loads = 0;
    const load = async () => {
      loads++;
      await sleep(100);
      return entryOf("loaded once");
    };
    const loaded = await Promise.all(
      Array.from({ length: Number(argument) }, () => loadOnce(backend, "the key", load)),
    );
    const texts = new Set(loaded.map(({ entry }) => Buffer.from(entry.bytes).toString()));
    process.stdout.write(`loads ${loads} answers ${loaded.length} values ${[...texts].join("|")}\n`);
    process.stdin.destroy();
    await backend.close();
  } else {
    process.stdout.write("open\n");
    if (job === "hold") setInterval(() => undefined, 1_000);
    else await backend.close();
  }
} catch (error) {
  process.stdout.write(`${error instanceof MempredError ? error.code : String(error)}\n`);
}
