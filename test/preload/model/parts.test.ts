// Smaller parts: hours, links, statements that wait for their request.

import { describe, expect, it } from "vitest";
import { SequenceHistory } from "../../../cache/sequence-history.ts";
import { Calibrator } from "../../../preload/model/calibrator.ts";
import { CandidateMixer } from "../../../preload/model/candidate-mixer.ts";
import { experienceOf } from "../../../preload/model/expert.ts";
import { hourOf } from "../../../preload/model/hour-expert.ts";
import { LinkWeights } from "../../../preload/model/link-weights.ts";
import { OpenStatements } from "../../../preload/model/open-statements.ts";

const HOUR_MILLIS = 3_600_000;

describe("hours", () => {
  it("P17: hours of working days and of weekends, in local time", () => {
    for (let hour = -24 * 30; hour < 24 * 30; hour++) {
      const day = new Date(hour * HOUR_MILLIS);
      const isWeekend = day.getUTCDay() === 0 || day.getUTCDay() === 6;
      expect(hourOf(hour * HOUR_MILLIS, 0)).toBe(day.getUTCHours() + (isWeekend ? 24 : 0));
    }
    expect(hourOf(0, 90)).toBe(1);
    expect(hourOf(0, -60)).toBe(23);
  });

  it("experience grows by doubling", () => {
    expect([0, 1, 2, 3, 4, 1000, 1e9].map(experienceOf)).toEqual([0, 0, 1, 1, 2, 9, 14]);
  });
});

describe("links", () => {
  it("learn what came after what some requests ago, and touch nothing else", () => {
    const mixer = new CandidateMixer(8, 8);
    const links = new LinkWeights(2, 1024);
    const history = new SequenceHistory(0);
    const probabilities = () => {
      mixer.begin();
      mixer.reserve(mixer.weights.length === 0 ? 1 : 0, 0);
      mixer.column(0, 0);
      mixer.add(3, 1);
      mixer.add(4, 1);
      mixer.weigh();
      links.lift(history, mixer);
      mixer.normalise();
      return [3, 4].map((symbol) => mixer.scores[mixer.candidateOf(symbol)]!);
    };
    // Two requests ago 1 or 2 decides between 3 and 4; the last request is always 5.
    for (let i = 0; i < 400; i++) {
      history.push(1 + (i % 2));
      history.push(5);
      probabilities();
      links.learn(history, mixer, mixer.candidateOf(3 + (i % 2)));
    }
    links.check();
    history.push(1);
    history.push(5);
    expect(probabilities()[0]).toBeGreaterThan(0.8);
    history.push(2);
    history.push(5);
    expect(probabilities()[1]).toBeGreaterThan(0.8);
    history.clear();
    expect(probabilities()[0]).toBeCloseTo(probabilities()[1]!, 9);
  });
});

describe("open statements", () => {
  it("P20: are held against the request that they were about", () => {
    const open = new OpenStatements(2);
    const learned: [number, boolean][] = [];
    const calibrator = new Calibrator(8);
    calibrator.learn = (kind, _stated, came) => void learned.push([kind, came]);
    // Kind = step: user 1 expects symbol 10 + count + step at each step.
    for (let count = 0; count < 6; count++) {
      for (let step = 1; step <= 3; step++) open.state(open.open(1, count, step), 10 + count + step, 0.5, step);
      learned.length = 0;
      open.settle(0, count + 1, 11 + count, calibrator);
      expect(learned).toEqual([]);
      open.settle(1, count + 1, count === 4 ? 99 : 11 + count, calibrator);
      const steps = [1, 2, 3].filter((step) => step <= count + 1);
      expect(learned.sort(([a], [b]) => a - b)).toEqual(steps.map((step) => [step, count !== 4]));
    }
    open.drop(1);
    learned.length = 0;
    open.settle(1, 7, 17, calibrator);
    expect(learned).toEqual([]);
  });

  it("are replaced by later ones about the same request, and are few", () => {
    const open = new OpenStatements(1);
    const learned: number[] = [];
    const calibrator = new Calibrator(64);
    calibrator.learn = (kind) => void learned.push(kind);
    open.state(open.open(0, 5, 2), 1, 0.5, 1);
    const slot = open.open(0, 5, 2);
    for (let kind = 10; kind < 30; kind++) open.state(slot, 1, 0.5, kind);
    open.settle(0, 7, 1, calibrator);
    expect(learned).toEqual([10, 11, 12, 13, 14, 15]);
  });
});
