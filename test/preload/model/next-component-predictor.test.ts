// What the predictor expects of streams whose answer is known: each row of its requirements in one small world.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import type { Source } from "../../../preload/model/expert.ts";
import { SOURCES } from "../../../preload/model/expert.ts";
import { NextComponentPredictor } from "../../../preload/model/next-component-predictor.ts";
import { chain, draw, small } from "./streams.ts";

const HOUR_MILLIS = 3_600_000;
const only = (...kept: Source[]) => SOURCES.filter((source) => !kept.includes(source));
const said = (model: NextComponentPredictor, user: string, step: 1 | 2 | 3, atMillis = 0) =>
  (model.expectSteps(user, atMillis, step, 8)[step - 1] ?? []).map(({ component }) => component);

describe("next components", () => {
  it("P07, P16, P19, P20: a ring is foreseen three steps ahead, several at once, ordered by confidence and then by step", () => {
    const model = small();
    const ring = ["a", "b", "c", "d", "e"];
    for (let i = 0; i < 400; i++) model.observe({ component: ring[i % 5]!, user: "u", atMillis: i });
    const expected = model.expect("u", 400, 3, 10);
    expect(
      expected
        .slice(0, 3)
        .map(({ component, step }) => `${component}${step}`)
        .sort(),
    ).toEqual(["a1", "b2", "c3"]);
    for (let i = 1; i < expected.length; i++) {
      const [before, one] = [expected[i - 1]!, expected[i]!];
      expect(one.confidence).toBeLessThanOrEqual(before.confidence);
      if (one.confidence === before.confidence) expect(one.step).toBeGreaterThanOrEqual(before.step);
    }
    expect(new Set(expected.map(({ component }) => component)).size).toBe(expected.length);
    expect(model.expect("u", 400, 3, 2)).toEqual(expected.slice(0, 2));
    model.check();
  });

  it("expects nothing of a user that it does not know, nor when nothing is wanted", () => {
    const model = small();
    expect(model.expect("u", 0, 3, 10)).toEqual([]);
    model.observe({ component: "a", atMillis: 0 });
    expect(model.expect("u", 0, 3, 10)).toEqual([]);
    expect(model.expect("", 0, 3, 0)).toEqual([]);
  });

  it("P16: step 2 conditions on the predicted step 1, where what is frequent is wrong", () => {
    // x is half of all requests but never comes two after s: s → a → a2 or s → b → b2, then x many times.
    const stream = new RandomStream(5, "conditional");
    const model = small();
    for (let i = 0; i < 600; i++) {
      const branch = stream.chance(0.7) ? "a" : "b";
      for (const component of ["s", branch, `${branch}2`, `${branch}3`, "x", "x", "x", "x"]) {
        model.observe({ component, atMillis: 0 });
      }
    }
    model.observe({ component: "s", atMillis: 0 });
    const [one, two, three] = model.expectSteps("", 0, 3, 3);
    expect(one!.slice(0, 2).map(({ component }) => component)).toEqual(["a", "b"]);
    expect(two!.slice(0, 2).map(({ component }) => component)).toEqual(["a2", "b2"]);
    expect(three!.slice(0, 2).map(({ component }) => component)).toEqual(["a3", "b3"]);
    // Marginalised: each is as likely as the branch that leads to it.
    for (const step of [one!, two!, three!]) {
      expect(Math.abs(step[0]!.confidence - 0.7)).toBeLessThan(0.12);
      expect(Math.abs(step[1]!.confidence - 0.3)).toBeLessThan(0.12);
    }
  });

  it("P08, P14: is nearly always right on a sequence with structure, far above the most frequent", () => {
    const stream = new RandomStream(3, "structure");
    const model = small();
    const walks = ["a b c d e", "f b c g h", "a f d b h", "e g c f a"].map((walk) => walk.split(" "));
    let [right, base, count] = [0, 0, 0];
    for (let i = 0; i < 700; i++) {
      const walk = walks[stream.integer(4)]!;
      walk.forEach((component, at) => {
        if (at >= 2 && i >= 50) {
          count++;
          if (said(model, "u", 1)[0] === component) right++;
          if (component === "c") base++;
        }
        model.observe({ component, user: "u", atMillis: i, isFirst: at === 0 });
      });
    }
    expect(right / count).toBeGreaterThan(0.99);
    expect(base / count).toBeLessThan(0.4);
  });

  it("a new session follows nothing", () => {
    const model = small({ without: only("sequence") });
    for (let i = 0; i < 50; i++) {
      model.observe({ component: "a", atMillis: 0, isFirst: true });
      model.observe({ component: "b", atMillis: 0 });
      model.observe({ component: "c", atMillis: 0 });
    }
    model.observe({ component: "a", atMillis: 0, isFirst: true });
    expect(said(model, "", 1)[0]).toBe("b");
    model.observe({ component: "b", atMillis: 0 });
    expect(said(model, "", 1)[0]).toBe("c");
    // c → a was never seen: sessions end there.
    const model2 = small({ without: only("sequence") });
    for (let i = 0; i < 100; i++) model2.observe({ component: "abc"[i % 3]!, atMillis: 0, isFirst: i % 3 === 0 });
    const ended = model2.expect("", 0, 1, 1)[0]!;
    expect(ended.confidence).toBeLessThan(0.9);
  });

  it("P10: names that share words lift what was never asked for", () => {
    const model = small();
    model.introduce("pages/settings/profile-form");
    model.introduce("pages/orders/list");
    const asked = ["pages/settings/profile-view", "shop/cart", "pages/settings/profile-menu", "shop/basket"];
    // What is new is like the last twenty: teach that it pays to look at names.
    for (let i = 0; i < 30; i++) {
      model.introduce(`area${i}/panel/left`);
      model.observe({ component: `area${i}/panel/right`, atMillis: i });
      model.observe({ component: `area${i}/panel/left`, atMillis: i });
    }
    for (const component of asked) model.observe({ component, atMillis: 40 });
    const [cold] = model.expect("", 40, 1, 64).filter(({ source }) => source === "words");
    const names = model.expect("", 40, 1, 64).map(({ component }) => component);
    expect(names).toContain("pages/settings/profile-form");
    expect(names).not.toContain("pages/orders/list");
    expect(cold).toBeDefined();
    const without = small({ without: ["words"] });
    without.introduce("pages/settings/profile-form");
    for (const component of asked) without.observe({ component, atMillis: 40 });
    expect(said(without, "", 1)).not.toContain("pages/settings/profile-form");
  });

  it("P17: learns what is asked for at which hour, and is better for it", () => {
    // Each hour of the day begins a session with its own component, otherwise all are alike; weekends are another world.
    const play = (model: NextComponentPredictor) => {
      const stream = new RandomStream(11, "hours");
      let [right, count] = [0, 0];
      for (let hour = 0; hour < 24 * 28; hour++) {
        const atMillis = hour * HOUR_MILLIS;
        const isWeekend = [2, 3].includes(Math.floor(hour / 24) % 7); // 1 January 1970 was a Thursday
        const favourite = `${isWeekend ? "w" : "d"}${Math.floor((hour % 24) / 6)}`;
        for (let i = 0; i < 4; i++) {
          const component = stream.chance(0.8) ? favourite : `n${stream.integer(8)}`;
          if (hour > 24 * 10 && i === 0) {
            count++;
            if (said(model, "u", 1, atMillis)[0] === component) right++;
          }
          model.observe({ component, user: "u", atMillis });
          model.observe({ component: `n${stream.integer(8)}`, user: "u", atMillis });
          model.observe({ component: `n${stream.integer(8)}`, user: "u", atMillis });
        }
      }
      return right / count;
    };
    const with_ = play(small({ without: only("sequence", "recent", "hour") }));
    const without = play(small({ without: only("sequence", "recent") }));
    expect(with_).toBeGreaterThan(without + 0.05);
  }, 20_000);

  it("P18: a new user gets what similar users ask for next", () => {
    // Two kinds of users who go different ways from the same crossing. Before it all look alike for longer than any context is,
    // and each user crosses once: only those who liked the same things before can tell where a newcomer goes.
    const play = (without: readonly Source[]) => {
      const stream = new RandomStream(23, "newcomers");
      const model = small({ userCount: 200, without });
      let [right, count] = [0, 0];
      for (let newcomer = 0; newcomer < 150; newcomer++) {
        const user = `u${newcomer}`;
        const kind = stream.chance(0.4) ? "x" : "y";
        const before = Array.from({ length: 8 }, () => `${kind}${2 + stream.integer(3)}`);
        const neutral = Array.from({ length: 7 }, () => `n${stream.integer(3)}`);
        for (const component of [...before, ...neutral, "crossing"]) model.observe({ component, user, atMillis: 0 });
        if (newcomer >= 75) {
          count++;
          if (said(model, user, 1)[0] === `${kind}1`) right++;
        }
        model.observe({ component: `${kind}1`, user, atMillis: 0 });
      }
      model.check();
      return right / count;
    };
    const alike = play([]);
    expect(alike).toBeGreaterThan(0.9);
    expect(alike).toBeGreaterThan(play(["similar-users"]) + 0.1);
  });

  it("P20: confidence c is right c of the time, one to three steps ahead", () => {
    const stream = new RandomStream(13, "confidence");
    const model = small();
    const path = [...chain(stream, 12, 3000)];
    const bins = [1, 2, 3].map(() => Array.from({ length: 5 }, () => ({ said: 0, came: 0, count: 0 })));
    path.forEach((component, at) => {
      model.observe({ component, user: "u", atMillis: at });
      if (at < 1000 || at % 3 > 0) {
        if (at % 3 === 0) model.expect("u", at, 3, 5);
        return;
      }
      for (const [i, expected] of model.expectSteps("u", at, 3, 5).entries()) {
        const coming = path[at + i + 1];
        if (coming === undefined) continue;
        for (const { component: one, confidence } of expected) {
          const bin = bins[i]![Math.min(4, Math.floor(5 * confidence))]!;
          bin.said += confidence;
          bin.count++;
          if (one === coming) bin.came++;
        }
      }
    });
    for (const step of bins) {
      for (const { said: stated, came, count } of step) {
        if (count > 100) expect(Math.abs(stated - came) / count).toBeLessThan(0.02 + 0.8 / Math.sqrt(count));
      }
    }
    // The truth at step 1 is 0.6 + 0.15/12 and more where both successors are one; the model comes to say so.
    const first = bins[0]!.flatMap((bin) => (bin.count > 100 ? [bin.said / bin.count] : []));
    expect(Math.max(...first)).toBeGreaterThan(0.55);
  }, 20_000);

  it("is the same for the same requests", () => {
    const play = () => {
      const stream = new RandomStream(17, "same");
      const model = small();
      const told: unknown[] = [];
      let at = 0;
      for (const component of chain(stream, 30, 600)) {
        const user = `u${stream.integer(20)}`;
        model.observe({ component, user, atMillis: (at += 900_000), isFirst: stream.chance(0.1) });
        if (at % 5 === 0) told.push(model.expect(user, at, draw(stream, [1, 1, 1]) === 0 ? 1 : 3, 5));
      }
      model.check();
      return JSON.stringify(told);
    };
    expect(play()).toBe(play());
  });

  it("stays in its bounds however many components and users come, and knows the latest", () => {
    const stream = new RandomStream(19, "bounds");
    const model = small({ componentCount: 64, userCount: 8 });
    let most = 0;
    for (let i = 0; i < 2500; i++) {
      const user = `u${Math.floor(i / 40) - stream.integer(4)}`;
      model.observe({ component: `view-${Math.floor(i / 100) + stream.integer(30)}`, user, atMillis: i * 60_000 });
      if (i % 7 === 0) model.expect(user, i * 60_000, 3, 5);
      if (i % 197 === 0) model.check();
      if (i === 700) most = model.stateBytes;
    }
    expect(model.componentCount).toBeLessThanOrEqual(64);
    expect(model.userCount).toBeLessThanOrEqual(8);
    // Words and their lists of components are the only part without typed arrays.
    expect(model.stateBytes).toBeLessThan(most + 64 * 12 * 16);
    const user = `u${Math.floor(2499 / 40)}`;
    expect(model.expect(user, 0, 3, 5).length).toBe(5);
  });

  it("leaves names alone that are too long", () => {
    const model = small({ mostNameUnits: 8 });
    model.observe({ component: "a", user: "u", atMillis: 0 });
    model.observe({ component: "b".repeat(9), user: "u", atMillis: 0 });
    model.observe({ component: "a", user: "u".repeat(9), atMillis: 0 });
    model.introduce("c".repeat(9));
    expect([model.componentCount, model.userCount]).toEqual([1, 1]);
    model.check();
  });

  it("rejects what no predictor can have", () => {
    expect(() => new NextComponentPredictor({ order: 1 })).toThrow("two requests");
    expect(() => new NextComponentPredictor({ componentCount: 4 })).toThrow("components");
    expect(() => new NextComponentPredictor({ userCount: 0 })).toThrow("users");
    expect(() => new NextComponentPredictor({ linkCount: 1000 })).toThrow("power of two");
  });
});
