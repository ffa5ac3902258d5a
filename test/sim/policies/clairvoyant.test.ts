// The clairvoyant yardstick: what it does on a demand of a few rows, what it must be at least as good as, and the copy of the
// heap on which it rehearses.

import { describe, expect, it } from "vitest";
import { checkHeap } from "../../../allocator/check-heap.ts";
import { createCompactor } from "../../../allocator/compactor.ts";
import { Heap } from "../../../allocator/heap.ts";
import { RandomStream } from "../../../core/random.ts";
import { getScenario } from "../../../scenarios/registry.ts";
import { copyHeap } from "../../../sim/heap-copy.ts";
import { simulate } from "../../../sim/simulate.ts";
import { CLASS, fillWithHoles, handDemand, simulateWithJournal } from "../hand-demand.ts";

describe("clairvoyant", () => {
  it("makes the hole that an atomic request needs, just before it comes, and none that nobody needs", () => {
    const demand = handDemand((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 90, 40, CLASS.wait);
      b.allocate(2_000_000, 99, 120, CLASS.atomic);
    });
    const { result, lines } = simulateWithJournal({ demand, policy: "clairvoyant", seed: 1, verify: true });
    const runs = lines.filter((line) => line.e === "compact");
    expect(result.ooms.total).toBe(0);
    expect(runs.map((line) => [line["kind"], line["phase"]])).toEqual([
      ["proactive", "start"],
      ["proactive", "end"],
    ]);
    expect(runs[0]!.t).toBeGreaterThanOrEqual(2_000_000 - 1_000);
    expect(runs[1]!.t).toBeLessThan(2_000_000);
    expect(simulate({ demand, policy: "reactive", seed: 1 }).result.ooms.avoidable).toBe(1);
  });

  it("two that come together are served by one run", () => {
    const demand = handDemand((b) => {
      fillWithHoles(b);
      b.allocate(2_000_000, 98, 120, CLASS.atomic);
      b.allocate(2_000_300, 99, 120, CLASS.atomic);
    });
    const { result } = simulateWithJournal({ demand, policy: "clairvoyant", seed: 1, verify: true });
    expect(result.ooms.total).toBe(0);
    expect(result.compaction.proactive).toBe(1);
  });

  it("sheds a cache ahead of need, since shedding takes time", () => {
    const demand = handDemand(
      (b) => {
        for (let id = 0; id < 16; id++) b.allocate(0, id, 56, CLASS.wait, 2);
        b.allocate(100_000, 98, 40, CLASS.wait);
        b.allocate(2_000_000, 99, 120, CLASS.atomic);
      },
      { shedBytesPerSecond: 640 },
    );
    const { result } = simulateWithJournal({ demand, policy: "clairvoyant", seed: 1, verify: true });
    expect(result.ooms.byClass.atomic).toBe(0);
    expect(result.reclaim.shedBlocks).toBeGreaterThan(0);
    expect(simulate({ demand, policy: "reactive", seed: 1 }).result.ooms.byClass.atomic).toBe(1);
  });

  it("over several families it denies less than any policy that must guess", () => {
    const rivals = [
      "reactive",
      "reactive:quick",
      "watermark",
      "least-squares",
      "rate-margin",
      "blind",
      "holt",
      "neural",
      "perfect-forecast",
    ];
    const avoidable = new Map<string, number>();
    const total = new Map<string, number>();
    for (const id of ["steady", "ramp", "stampede", "mixed-tenants"]) {
      const demand = getScenario(id).generate({
        pressureRatio: 0.95,
        seed: 55,
        durationMicros: 60_000_000,
        ratePerSecond: 100,
        capacityBytes: 102_400,
      });
      for (const policy of ["clairvoyant", ...rivals]) {
        const { ooms, compaction } = simulate({ demand, policy, seed: 55 }).result;
        avoidable.set(policy, (avoidable.get(policy) ?? 0) + ooms.avoidable);
        total.set(policy, (total.get(policy) ?? 0) + ooms.total);
        expect(compaction.maxRunsInAnySecond).toBeLessThanOrEqual(10);
      }
    }
    for (const rival of rivals) {
      expect(avoidable.get("clairvoyant")!, rival).toBeLessThan(avoidable.get(rival)!);
      expect(total.get("clairvoyant")!, rival).toBeLessThan(total.get(rival)!);
    }
  });

  it("gives the same again, with every compactor, and a full check changes nothing", () => {
    const demand = getScenario("burst").generate({
      pressureRatio: 0.95,
      seed: 56,
      durationMicros: 10_000_000,
      ratePerSecond: 100,
      capacityBytes: 102_400,
    });
    for (const policy of ["clairvoyant", "clairvoyant:slide", "clairvoyant:window", "clairvoyant:evacuate"]) {
      const once = simulate({ demand, policy, seed: 56 }).result;
      expect(simulate({ demand, policy, seed: 56 }).result).toEqual(once);
    }
    const plain = simulate({ demand, policy: "clairvoyant", seed: 56 }).result;
    expect(simulate({ demand, policy: "clairvoyant", seed: 56, verify: true }).result).toEqual(plain);
  });
});

describe("copyHeap", () => {
  it.each(["segregated", "best"] as const)("%s: original and copy answer alike ever after", (fit) => {
    const random = new RandomStream(57, "copy");
    const heap = new Heap({ capacityBytes: 16_384, fit });
    const copy = new Heap({ capacityBytes: 16_384, fit });
    const live: number[] = [];
    const act = (target: Heap, choice: number, size: number): number => {
      if (choice < live.length && size % 3 === 0) {
        target.free(live[choice]!);
        return 0;
      }
      return target.allocate(size, 16, size % 37 === 0);
    };
    for (let round = 0; round < 200; round++) {
      copyHeap(heap, copy);
      for (let k = 0; k < 10; k++) {
        const choice = random.integer(80);
        const size = random.between(1, 400);
        const handle = act(heap, choice, size);
        expect(act(copy, choice, size)).toBe(handle);
        if (choice < live.length && size % 3 === 0) live.splice(choice, 1);
        else if (handle !== 0) live.push(handle);
      }
      for (const target of [heap, copy]) {
        const compactor = createCompactor("evacuate", target);
        if (compactor.begin(1024, Infinity)) while (compactor.isActive) compactor.step(Infinity);
        expect(checkHeap(target)).toEqual([]);
      }
      expect(copy.words.every((word, at) => word === heap.words[at])).toBe(true);
    }
    expect(live.length).toBeGreaterThan(10);
  });

  it("refuses a copy of another shape, and one in the middle of a run", () => {
    const heap = new Heap({ capacityBytes: 1024 });
    expect(() => copyHeap(heap, new Heap({ capacityBytes: 2048 }))).toThrow("shape");
    const a = heap.allocate(100);
    heap.allocate(100);
    heap.free(a);
    createCompactor("slide", heap).begin(200, Infinity);
    expect(() => copyHeap(heap, new Heap({ capacityBytes: 1024 }))).toThrow("no run");
  });
});
