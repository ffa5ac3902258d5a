// A recording says what the run did: its counts are the result's, it changes nothing, a journal read back is the same recording,
// and the heap at any moment is the same whichever way one comes there.

import { describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { B2_AT, forward, HIDDEN_COUNT, INPUT_COUNT, PARAMETER_COUNT } from "../../../predictor/network.ts";
import { getScenario, SCENARIO_IDS } from "../../../scenarios/registry.ts";
import { CELL_CACHE, CELL_OWN, CELL_PINNED, FREE_ID, HeapView } from "../../../sim/recording/heap-view.ts";
import { readJournal } from "../../../sim/recording/read-journal.ts";
import { NETWORK_INPUTS, Recording } from "../../../sim/recording/recording.ts";
import { simulate } from "../../../sim/simulate.ts";

const OPTIONS = {
  pressureRatio: 0.95,
  seed: 21,
  durationMicros: 30_000_000,
  ratePerSecond: 100,
  capacityBytes: 102_400,
};

function record(scenario: string, policy: string) {
  const demand = getScenario(scenario).generate(OPTIONS);
  const recording = new Recording({
    capacityBytes: demand.capacityBytes,
    granuleBytes: 16,
    scenario: demand.name,
    pressureRatio: demand.pressureRatio,
    seed: 21,
    policy,
  });
  const { result } = simulate({ demand, policy, seed: 21, recorder: recording });
  const lines: string[] = [];
  const journalled = simulate({ demand, policy, seed: 21, journal: (line) => lines.push(line) });
  return { demand, recording, result, text: `${lines.join("\n")}\n`, journalled: journalled.result };
}

describe.each(SCENARIO_IDS)("recording of %s", (scenario) => {
  it.each(["reactive", "neural", "cache-ahead"])("%s: counts, journal, moments", (policy) => {
    const { demand, recording, result, text, journalled } = record(scenario, policy);
    expect(result).toEqual(simulate({ demand, policy, seed: 21 }).result); // taking down changes nothing
    expect(journalled).toEqual(result);

    const view = new HeapView(recording);
    view.seek(Infinity);
    expect(view.counts.ooms).toBe(result.ooms.total);
    expect(view.counts.deniedBytes).toBe(result.ooms.deniedBytes);
    expect(view.counts.runs).toBe(result.compaction.runs);
    expect(view.counts.proactiveRuns).toBe(result.compaction.proactive);
    expect(view.counts.movedBytes).toBe(result.compaction.movedBytes);
    expect(view.counts.served).toBe(result.requests.served);
    expect(view.counts.longestWaitMicros).toBe(result.responseMicros.max);
    const { p50, p95, p99, p999 } = result.responseMicros;
    expect([0.5, 0.95, 0.99, 0.999].map((q) => view.responsePercentile(q))).toEqual([p50, p95, p99, p999]);

    const { count } = recording.events;
    const read = readJournal(text, "journal.jsonl");
    for (const name of ["micros", "kind", "flags", "id", "to", "from", "size"] as const)
      expect(isSame(read.events[name].subarray(0, count), recording.events[name].subarray(0, count)), name).toBe(true);
    for (const name of ["micros", "occupancy", "pressure", "watched", "forecast", "upper", "confidence"] as const)
      expect(
        isSame(
          read.ticks[name].subarray(0, read.ticks.count),
          recording.ticks[name].subarray(0, recording.ticks.count),
        ),
        name,
      ).toBe(true);
    expect(read.words).toEqual(recording.words);

    // At each tick the heap that is rebuilt is as full as the arena was.
    const { ticks } = recording;
    for (let row = 0; row < ticks.count; row += 7) {
      view.seekEvent(countBefore(recording, ticks.micros[row]!));
      expect(view.usedBytes / demand.capacityBytes).toBeCloseTo(ticks.occupancy[row]!, 9);
    }

    // Wherever one comes from.
    const random = new RandomStream(7, "moments");
    for (let i = 0; i < 12; i++) {
      const moment = Math.floor(random.next() * OPTIONS.durationMicros);
      view.seek(moment);
      const fresh = new HeapView(recording);
      fresh.seek(moment);
      expect(isSame(view.cells, fresh.cells) && isSame(view.owners, fresh.owners), `at ${moment} µs`).toBe(true);
      expect(view.counts).toEqual(fresh.counts);
      expect(view.responsePercentile(0.99)).toBe(fresh.responsePercentile(0.99));
    }
  });
});

/** To the bit: NaN is NaN. */
function isSame(one: ArrayBufferView, other: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(one).equals(bytes(other));
}

/** Events before a tick at this moment: the tick comes before the requests of the same microsecond. */
function countBefore(recording: Recording, micros: number): number {
  return micros === 0
    ? recording.eventsUntil(-1) + (recording.events.id[0] === -1 ? 1 : 0)
    : recording.eventsUntil(micros - 1);
}

describe("recording", () => {
  it.each(["neural", "predictive"])(
    "the network of %s is kept at each tick and gives the forecast of that tick",
    (policy) => {
      const { networkCount, networks, ticks } = record("steady", policy).recording;
      expect(networkCount).toBe(ticks.count);
      const hidden = new Float64Array(HIDDEN_COUNT);
      let moved = 0;
      for (let row = 0; row < networkCount; row++) {
        const at = row * (PARAMETER_COUNT + NETWORK_INPUTS);
        const weights = Float64Array.from(networks.subarray(at, at + PARAMETER_COUNT));
        const inputs = Float64Array.from(
          networks.subarray(at + PARAMETER_COUNT, at + PARAMETER_COUNT + NETWORK_INPUTS),
        );
        expect(forward(weights, inputs, 0, inputs[INPUT_COUNT]!, hidden)).toBeCloseTo(ticks.forecast[row]!, 5); // kept in 32 bits
        if (weights[B2_AT] !== networks[B2_AT]) moved++;
      }
      expect(moved).toBeGreaterThan(0); // it learns
    },
  );

  it("a policy without a network has none", () => {
    expect(record("steady", "reactive").recording.networkCount).toBe(0);
  });

  it("pins, caches and the predictor's own block have states of their own", () => {
    const states = (scenario: string, policy: string) => {
      const view = new HeapView(record(scenario, policy).recording);
      view.seek(20_000_000);
      return new Set(view.cells);
    };
    expect(states("swiss-cheese", "neural")).toContain(CELL_OWN);
    expect(states("mixed-tenants", "reactive")).toContain(CELL_CACHE);
    const pinned = SCENARIO_IDS.filter((id) => states(id, "reactive").has(CELL_PINNED));
    expect(pinned.length).toBeGreaterThan(0);
  });

  it("an address names its block", () => {
    const view = new HeapView(record("steady", "reactive").recording);
    view.seek(15_000_000);
    for (const block of view.blocks.values()) {
      expect(view.blockAt(block.at)).toBe(block);
      expect(view.blockAt(block.at + block.length - 1)).toBe(block);
    }
    const free = view.owners.indexOf(FREE_ID);
    expect(view.blockAt(free * 16)).toBeUndefined();
    expect(view.blockAt(1e9)).toBeUndefined();
  });

  it.each([
    ["", "nothing in it"],
    ["hello", "no journal"],
    ["[1]\n", "no journal"],
    ['{"schema":"other"}', "no journal"],
    ["HEADER\n{}", "t is"],
    ['HEADER\n{"t":5,"e":"free","id":1}\n{"t":4,"e":"free","id":1}', "line 3"],
    ['HEADER\n{"t":5,"e":"deny","id":1,"size":8,"class":"wait","cause":"bad luck"}', "unknown cause"],
    ['HEADER\n{"t":5,"e":"jump"}', "unknown event"],
    ['HEADER\n{"t":5,"e":"move","id":1,"from":0,"to":1e9}', "to is"],
  ])("a damaged journal is an error that says where: %s", (text, expected) => {
    const header = record("steady", "none").text.split("\n")[0]!;
    const read = () => readJournal(text.replace("HEADER", header), "x.jsonl");
    expect(read).toThrow(MempredError);
    expect(read).toThrow(expected);
  });

  it.each([
    [
      "two blocks in one place",
      '{"t":1,"e":"place","id":2,"size":8,"at":0,"len":32,"class":"wait","pinned":false,"waitedMicros":0}',
    ],
    ["a block that is not there", '{"t":1,"e":"free","id":9}'],
    ["a move from elsewhere", '{"t":1,"e":"move","id":1,"from":64,"to":128}'],
    [
      "a block that ends outside",
      '{"t":1,"e":"place","id":3,"size":8,"at":102384,"len":32,"class":"wait","pinned":false,"waitedMicros":0}',
    ],
  ])("a recording that contradicts itself is not shown: %s", (_, line) => {
    const header = record("steady", "none").text.split("\n")[0]!;
    const first = '{"t":0,"e":"place","id":1,"size":8,"at":0,"len":32,"class":"wait","pinned":false,"waitedMicros":0}';
    const view = new HeapView(readJournal([header, first, line].join("\n"), "x.jsonl"));
    expect(() => view.seek(2)).toThrow(MempredError);
  });

  it("a run has a journal or a recorder", () => {
    const demand = getScenario("steady").generate(OPTIONS);
    const recorder = new Recording({ ...OPTIONS, granuleBytes: 16, scenario: "steady", policy: "none" });
    expect(() => simulate({ demand, policy: "none", seed: 1, recorder, journal: () => {} })).toThrow("not both");
  });
});
