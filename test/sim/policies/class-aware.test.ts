// K80: the controller's parameters follow the class of the workload.

import { expect, it } from "vitest";
import type { RequestMix } from "../../../core/demand.ts";
import { WORKLOAD_STATE_BYTES } from "../../../predictor/workload-class.ts";
import { getScenario } from "../../../scenarios/registry.ts";
import { resolvePolicy } from "../../../sim/policies/registry.ts";
import { simulate } from "../../../sim/simulate.ts";

const URGENT: RequestMix = { atomic: 0.5, deadline: 0.3, wait: 0.2, pinned: 0.03 };

function demandOf(mix?: RequestMix, ratePerSecond = 100) {
  return getScenario("burst").generate({
    pressureRatio: 0.95,
    seed: 101,
    durationMicros: 60_000_000,
    ratePerSecond,
    capacityBytes: 102_400,
    ...(mix === undefined ? {} : { mix }),
  });
}

const classes = (demand: ReturnType<typeof demandOf>) =>
  simulate({ demand, policy: "class-aware", seed: 1 })
    .decisions.filter((one) => one.reason.startsWith("the workload is"))
    .map((one) => one.reason);

it("names the class in its decisions: interactive, real-time, batch", () => {
  expect(classes(demandOf())).toEqual(["the workload is interactive now"]);
  expect(classes(demandOf(URGENT))).toEqual(["the workload is real-time now"]);
  expect(classes(demandOf(undefined, 1))).toContain("the workload is batch now");
});

it("a class that is not told changes nothing: other parameters of batch leave an interactive run as it is", () => {
  const of = (demand: ReturnType<typeof demandOf>, tuning: Record<string, number>) =>
    simulate({ demand, policy: "class-aware", seed: 1, tuning }).result.hash;
  const batch = { batchPackExposureRatio: 0.5, batchSpareRuns: 9 };
  const plain = demandOf();
  expect(of(plain, batch)).toBe(of(plain, {}));
  const urgent = demandOf(URGENT);
  expect(of(urgent, batch)).toBe(of(urgent, {}));
  expect(of(urgent, { realTimeSpareRuns: 9 })).not.toBe(of(urgent, {}));
});

it("pays for its classifier: 48 bytes more of the arena than predictive", () => {
  const bytes = (policy: string) => resolvePolicy(policy).definition.stateBytes!;
  expect(bytes("class-aware") - bytes("predictive")).toBe(WORKLOAD_STATE_BYTES);
  expect(WORKLOAD_STATE_BYTES).toBe(48);
});
