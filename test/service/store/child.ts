// A process of its own for the tests: `write PATH` makes a user and inserts items, eight at a time, saying which are acknowledged,
// until it is killed; `hold PATH` opens, says "open" and stays.

import { writeSync } from "node:fs";
import { SqliteItemStore } from "../../../service/store/sqlite-store.ts";
import { draft } from "./draft.ts";

const [job, path] = process.argv.slice(2) as [string, string];
const say = (line: string) => writeSync(1, `${line}\n`); // at once: it may be dead in a moment
const store = await SqliteItemStore.open(path);
if (job === "write") {
  const user = await store.createUser({ organisationId: null, role: "user" });
  say(`user ${user.id}`);
  let count = 0;
  const write = async (): Promise<void> => {
    for (;;) {
      const number = count++;
      const content = `content ${number} ${"x".repeat(number % 3000)}`;
      const item = await store.insert(user.id, draft({ content, contexts: ["a"] }));
      say(`item ${item.id} ${number} ${await store.revision(user.id)}`);
      if (number % 3 === 2) {
        await store.remove(item.id, user.id);
        say(`gone ${item.id}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, write));
} else {
  say("open");
  setInterval(() => undefined, 1_000);
}
