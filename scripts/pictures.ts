// Makes the pictures of the docs that show runs, and the figures in the text beside them, from a named seed:
//   npx tsx scripts/pictures.ts

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { replaceBlock } from "./figure-block.ts";
import { findStories } from "./stories.ts";
import { storyBlocks, storyFigures } from "./story-text.ts";

const docs = fileURLToPath(new URL("../docs", import.meta.url));
const stories = await findStories();
for (const [name, svg] of storyFigures(stories)) {
  writeFileSync(join(docs, "figures", name), svg);
  process.stdout.write(`docs/figures/${name} (${svg.length} characters)\n`);
}
const path = join(docs, "reading.md");
let text = readFileSync(path, "utf8");
for (const [name, block] of storyBlocks(stories)) text = replaceBlock(text, name, block);
writeFileSync(path, text);
process.stdout.write("docs/reading.md\n");
