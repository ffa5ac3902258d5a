// Prompts put together from files: templates are read once, variants are kept beside them, an edit is noticed, and what is asked
// for most is loaded ahead after a restart.
//
// npx tsx examples/cache-prompt-components.ts

import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ComponentLoader } from "mempred/cache";

const root = await mkdtemp(join(tmpdir(), "mempred-example-"));
await write("system.md", "You help {user} with {topic}. Answer as JSON: {}.");
await write("tone.md", "Be {tone}.");

const components = new ComponentLoader({ root, checkMillis: 0 });
const prompt = async (user: string, tone: string) =>
  [
    await components.load("system.md", { variables: { user, topic: "{user}" } }),
    await components.load("tone.md", { variables: { tone } }),
  ].join(" ");

console.log(await prompt("Ada", "brief"));
for (let i = 0; i < 49; i++) await prompt("Ada", "brief");
const { hits, requests, renders } = components.statistics();
console.log(`${hits} of ${requests} requests read no file; ${renders} texts rendered`);

await write("tone.md", "Always be {tone}!");
console.log(`edited: ${(await prompt("Ada", "brief")).split(". ").at(-1)}`);
const outside = await components.load("../secret").catch((error: { code: string }) => error.code);
console.log(`outside of the folder: ${outside}`);

const restarted = new ComponentLoader({ root });
restarted.restoreHot(components.hotState());
const { loaded } = await restarted.preload();
await restarted.load("system.md");
console.log(
  `after a restart: ${[...loaded].sort().join(", ")} loaded ahead; first request a hit: ${restarted.statistics().hits === 1}`,
);
await rm(root, { recursive: true });

/** Writes a file as if an hour ago: what was written just now is read again each time. */
async function write(name: string, text: string): Promise<void> {
  await writeFile(join(root, name), text);
  const anHourAgo = Date.now() / 1000 - 3600;
  await utimes(join(root, name), anHourAgo, anHourAgo);
  await new Promise((resolve) => setTimeout(resolve, 60));
}
