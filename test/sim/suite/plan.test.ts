import { describe, expect, test } from "vitest";
import {
  baselinePolicies,
  durationText,
  executionOrder,
  expandSuite,
  mixText,
  percentText,
  policyBase,
} from "../../../sim/suite/plan.ts";
import { reproduceCommand, seedWords } from "../../../sim/suite/reproduce.ts";
import { fakeSuite } from "./fake-run.ts";

describe("a suite falls apart into cells", () => {
  const suite = fakeSuite();

  test("scenario, then level, then seed, numbered in that order", () => {
    const cells = expandSuite(suite);
    expect(cells).toHaveLength(2 * 2 * 4);
    expect(cells.map((cell) => cell.index)).toEqual(cells.map((_, i) => i));
    expect(cells[0]).toEqual({ index: 0, scenario: "steady", pressureRatio: 0.75, seed: 1 });
    expect(cells[5]).toEqual({ index: 5, scenario: "steady", pressureRatio: 0.95, seed: 2 });
    expect(cells.at(-1)).toEqual({ index: 15, scenario: "burst", pressureRatio: 0.95, seed: 4 });
  });

  test("they run seed by seed, so that a cut-off suite is a smaller one of the same shape", () => {
    const cells = expandSuite(suite);
    const order = executionOrder(suite, cells);
    expect(order.map((cell) => cell.seed)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
    expect([...order].sort((a, b) => a.index - b.index)).toEqual(cells);
    expect(order.slice(0, 4).map((cell) => `${cell.scenario} ${cell.pressureRatio}`)).toEqual([
      "steady 0.75",
      "steady 0.95",
      "burst 0.75",
      "burst 0.95",
    ]);
  });

  test("baselines are the variants of reactive, else the first policy", () => {
    expect(baselinePolicies(["none", "reactive", "reactive:window", "neural"])).toEqual([
      "reactive",
      "reactive:window",
    ]);
    expect(baselinePolicies(["neural", "holt"])).toEqual(["neural"]);
    expect(policyBase("reactive:window")).toBe("reactive");
    expect(policyBase("neural")).toBe("neural");
  });
});

describe("settings as flags take them", () => {
  test("durations, percents, mixes, seeds", () => {
    expect([600, 3600, 90, 0.5, 7200].map(durationText)).toEqual(["10m", "1h", "90s", "500ms", "2h"]);
    expect(() => durationText(0)).toThrow("over 0");
    expect([0.95, 0.975, 0.5].map(percentText)).toEqual(["95", "97.5", "50"]);
    expect(mixText({ atomic: 0.15, deadline: 0.15, wait: 0.7, pinned: 0.03 })).toBe("15,15,70");
    expect(mixText({ atomic: 0, deadline: 0, wait: 1, pinned: 0 })).toBe("0,0,100,0");
    expect(seedWords([7])).toEqual(["--seed", "7"]);
    expect(seedWords([1, 2, 3])).toEqual(["--seeds", "3"]);
    expect(seedWords([4, 5])).toEqual(["--seeds", "4..5"]);
    expect(seedWords([1, 4])).toEqual(["--seeds", "1,4"]);
  });

  test("the command that runs a part again", () => {
    expect(
      reproduceCommand(fakeSuite(), { scenario: "burst", pressureRatio: 0.95, seed: 3, policies: ["predictive"] }),
    ).toBe("mempred stress --scenario burst --pressure 95 --seed 3 --policy predictive --duration 1m");
    const odd = fakeSuite({
      mix: { atomic: 0.2, deadline: 0.2, wait: 0.6, pinned: 0 },
      rate: 50,
      settings: {
        command: "stress",
        capacityBytes: 1_048_576,
        fit: "best",
        autonomy: false,
        watchdog: false,
        shadow: false,
        weights: "cold",
        retries: 2,
        reserveBytes: 2048,
        files: { burst: "my scenarios/burst.yaml" },
      },
    });
    expect(reproduceCommand(odd, { scenario: "burst" })).toBe(
      "mempred stress --scenario 'my scenarios/burst.yaml' --pressure 75,95 --seeds 4 --policy reactive,predictive " +
        "--duration 1m --rate 50 --mix 20,20,60,0 --capacity 1048576 --fit best --no-autonomy --no-watchdog " +
        "--no-shadow --reserve 2048 --retries 2 --weights cold",
    );
  });

  test("a replay is run again by its files, a foreign weights file by a name to fill in", () => {
    const suite = fakeSuite({
      scenarios: ["perl"],
      durationSeconds: 0,
      settings: {
        ...fakeSuite().settings,
        command: "replay",
        capacityBytes: null,
        weights: "0badcafe",
        timing: "stretch 10",
        files: { perl: "it's/perl.trep" },
      },
    });
    expect(reproduceCommand(suite, { pressureRatio: 0.95, seed: 1 })).toBe(
      "mempred replay 'it'\\''s/perl.trep' --pressure 95 --seed 1 --policy reactive,predictive --weights FILE-0badcafe --stretch 10",
    );
    const { settings: _, ...bare } = fakeSuite();
    expect(reproduceCommand(bare)).toContain("--scenario steady,burst");
  });
});
