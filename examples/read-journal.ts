// A journal read back: from its events alone, where every block lies at every moment. Here that map is kept while the
// events come in, and compared with what a heap must never do: two blocks in one place.
//
// npx tsx examples/read-journal.ts [file.jsonl]

import { readFileSync } from "node:fs";
import { DEFAULT_CAPACITY_BYTES, getScenario, JOURNAL_SCHEMA, MICROS_PER_SECOND, simulate } from "mempred";

interface Header {
  schema: string;
  capacityBytes: number;
  granuleBytes: number;
}
type Id = number | "predictor";
/** The events that say where blocks are; all others are passed over. */
type Event =
  | { t: number; e: "place" | "resize"; id: Id; at: number; len: number }
  | { t: number; e: "move"; id: Id; from: number; to: number }
  | { t: number; e: "free"; id: Id }
  | { t: number; e: "deny" | "compact" | "forecast" | "watchdog" };

const path = process.argv[2];
const lines = path === undefined ? writeJournal() : readFileSync(path, "utf8").trimEnd().split("\n");
const header = JSON.parse(lines[0] ?? "{}") as Header;
if (header.schema !== JOURNAL_SCHEMA) throw new Error(`not a ${JOURNAL_SCHEMA} journal`);

const blocks = new Map<Id, { at: number; len: number }>();
const owner = new Array<Id | null>(header.capacityBytes / header.granuleBytes).fill(null);
const counts: Record<string, number> = {};
let overlaps = 0;
for (const line of lines.slice(1)) {
  const event = JSON.parse(line) as Event;
  counts[event.e] = (counts[event.e] ?? 0) + 1;
  if (event.e === "free") lift(event.id);
  else if (event.e === "place" || event.e === "resize") put(event.id, event.at, event.len);
  else if (event.e === "move") put(event.id, event.to, blocks.get(event.id)?.len ?? 0);
}
console.log(
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", "),
);
console.log(`${overlaps} overlaps; at the end ${blocks.size} blocks live`);
const width = owner.length / 64;
const map = Array.from({ length: 64 }, (_, i) => {
  const used = owner.slice(i * width, (i + 1) * width).filter((id) => id !== null).length;
  return used === 0 ? "." : used < width ? "+" : "#";
});
console.log(`[${map.join("")}]`);

function lift(id: Id): void {
  const block = blocks.get(id);
  if (block === undefined) return; // freeing what was denied does nothing
  owner.fill(null, block.at / header.granuleBytes, (block.at + block.len) / header.granuleBytes);
  blocks.delete(id);
}

function put(id: Id, at: number, len: number): void {
  lift(id);
  const first = at / header.granuleBytes;
  const end = (at + len) / header.granuleBytes;
  if (owner.slice(first, end).some((other) => other !== null)) overlaps++;
  owner.fill(id, first, end);
  blocks.set(id, { at, len });
}

function writeJournal(): string[] {
  const demand = getScenario("burst").generate({
    pressureRatio: 0.95,
    seed: 1,
    durationMicros: 30 * MICROS_PER_SECOND,
    ratePerSecond: 100,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
  });
  const journal: string[] = [];
  simulate({ demand, policy: "predictive", seed: 1, journal: (line) => journal.push(line) });
  return journal;
}
