// Search results of many users: each user is a context, so that nobody is ever given another's results; results name the index
// that they come from as a tag, so that a change of it drops them for everybody.
//
// npx tsx examples/cache-search-results.ts

import { SmartCache } from "mempred/cache";

interface Page {
  readonly id: number;
  readonly owner: string;
  readonly text: string;
}
const pages: Page[] = [
  { id: 1, owner: "ada", text: "notes on engines" },
  { id: 2, owner: "ada", text: "notes on tea" },
  { id: 3, owner: "bob", text: "notes on bridges" },
];

let searches = 0;
const results = new SmartCache<number[]>({ max: 1000 });
const search = (user: string, words: string): Promise<number[]> =>
  results.getOrSet(
    words.trim().toLowerCase(),
    (key, { context }) => {
      searches++;
      return pages.filter((page) => page.owner === context && page.text.includes(key)).map(({ id }) => id);
    },
    { context: user, type: "search", tags: ["index:pages"] },
  );

console.log(`ada: ${await search("ada", "notes")}; bob: ${await search("bob", "Notes ")}; ${searches} searches`);
console.log(`again: ${await search("ada", "NOTES")}; ${await search("bob", "notes")}; ${searches} searches`);

pages.push({ id: 4, owner: "bob", text: "notes on notes" });
console.log(`index changed: ${results.deleteTag("index:pages")} results dropped`);
console.log(`bob: ${await search("bob", "notes")}; ${searches} searches`);
console.log(`ada leaves: ${results.clear({ context: "ada" })} entries gone, bob keeps ${results.size}`);
await results.shutdown();
