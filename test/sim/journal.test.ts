// The journal alone suffices: from its lines the position of every block at every moment is rebuilt, no two blocks ever
// overlap, and its counts are those of the result.

import { describe, expect, it } from "vitest";
import { getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { type JournalLine, simulateWithJournal } from "./hand-demand.ts";

interface Placed {
  at: number;
  len: number;
}

/** Replays the lines into a map of granules; throws on any contradiction. */
class Rebuilt {
  readonly blocks = new Map<unknown, Placed>();
  readonly owner: unknown[];
  readonly counts: Record<string, number> = {};
  movedBytes = 0;
  lastMicros = 0;

  constructor(capacityBytes: number) {
    this.owner = new Array(capacityBytes / 16).fill(null);
  }

  take(line: JournalLine): void {
    if (line.t < this.lastMicros) throw new Error(`time went back at ${JSON.stringify(line)}`);
    this.lastMicros = line.t;
    this.counts[line.e] = (this.counts[line.e] ?? 0) + 1;
    const { id, at, len, from, to } = line as unknown as {
      id: unknown;
      at: number;
      len: number;
      from: number;
      to: number;
    };
    if (line.e === "place") {
      if (this.blocks.has(id)) throw new Error(`${id} is placed twice`);
      this.#occupy(id, at, len);
    } else if (line.e === "free") this.#vacate(id);
    else if (line.e === "move") {
      const block = this.#vacate(id);
      if (block.at !== from) throw new Error(`${id} moves from ${from} but is at ${block.at}`);
      this.#occupy(id, to, block.len);
      this.movedBytes += block.len;
    } else if (line.e === "resize") {
      this.#vacate(id);
      this.#occupy(id, at, len);
    }
  }

  #occupy(id: unknown, at: number, len: number): void {
    for (let g = at / 16; g < (at + len) / 16; g++) {
      if (this.owner[g] !== null) throw new Error(`${id} at ${at} overlaps ${this.owner[g]}`);
      if (g >= this.owner.length) throw new Error(`${id} at ${at} is outside`);
      this.owner[g] = id;
    }
    this.blocks.set(id, { at, len });
  }

  #vacate(id: unknown): Placed {
    const block = this.blocks.get(id);
    if (block === undefined) throw new Error(`${id} is not there`);
    for (let g = block.at / 16; g < (block.at + block.len) / 16; g++) this.owner[g] = null;
    this.blocks.delete(id);
    return block;
  }
}

const policies = [
  "none",
  "reactive",
  "reactive:window",
  "reactive:evacuate",
  "reserve",
  "watermark",
  "placebo",
  "neural",
];

describe("journal", () => {
  it.each(SCENARIO_IDS.flatMap((id) => policies.map((policy) => [id, policy] as const)))(
    "%s under %s",
    (id, policy) => {
      const demand = getScenario(id).generate({
        pressureRatio: 0.95,
        seed: 21,
        durationMicros: 20_000_000,
        ratePerSecond: 100,
        capacityBytes: 102_400,
      });
      const { result, header, lines } = simulateWithJournal({ demand, policy, seed: 21, placeboRuns: 20 });
      expect(header).toEqual({
        schema: "mempred.journal/1",
        capacityBytes: 102_400,
        granuleBytes: 16,
        scenario: id,
        pressureRatio: 0.95,
        seed: 21,
        policy,
      });
      const rebuilt = new Rebuilt(demand.capacityBytes);
      for (const line of lines) rebuilt.take(line);
      const { counts } = rebuilt;
      const own = policy === "neural" ? 1 : 0;
      expect((counts["place"] ?? 0) + (counts["resize"] ?? 0) - own).toBe(result.requests.served);
      expect(counts["deny"] ?? 0).toBe(result.ooms.total);
      const denied = lines.filter((line) => line.e === "deny");
      for (const cause of ["capacity", "pinned", "reserve", "limit", "fragmentation"] as const) {
        expect(denied.filter((line) => line.cause === cause).length).toBe(result.ooms.byCause[cause]);
      }
      expect(denied.reduce((sum, line) => sum + (line.size as number), 0)).toBe(result.ooms.deniedBytes);
      const runs = lines.filter((line) => line.e === "compact" && line.phase === "end");
      expect(runs.length).toBe(result.compaction.runs);
      expect(runs.filter((line) => line.kind === "proactive").length).toBe(result.compaction.proactive);
      expect(runs.reduce((sum, line) => sum + (line.movedBytes as number), 0)).toBe(result.compaction.movedBytes);
      expect(rebuilt.movedBytes).toBe(result.compaction.movedBytes);
      const waited = lines
        .filter((line) => line.e === "place" || line.e === "resize")
        .map((line) => line.waitedMicros as number);
      expect(Math.max(0, ...waited)).toBe(result.responseMicros.max);
      expect(lines.filter((line) => line.e === "watchdog").length).toBe(result.watchdog.trips.length);
      if (own) expect(lines.filter((line) => line.e === "forecast").length).toBe(result.autonomy.predictions);
    },
  );

  it("the rebuilder notices an overlap and a move from nowhere", () => {
    const rebuilt = new Rebuilt(1024);
    rebuilt.take({ t: 0, e: "place", id: 1, at: 0, len: 32 });
    expect(() => rebuilt.take({ t: 1, e: "place", id: 2, at: 16, len: 32 })).toThrow(/overlaps/);
    expect(() => rebuilt.take({ t: 1, e: "move", id: 1, from: 16, to: 64 })).toThrow(/is at 0/);
    expect(() => rebuilt.take({ t: 0, e: "free", id: 1 })).toThrow(/time went back/);
  });
});
