// The model with keys and contexts in small tables under random use: everything is walked, nothing crosses contexts, and a
// model that went through its document goes on exactly like the one that did not.

import { describe, expect, it } from "vitest";
import { markovFromJson, markovToJson } from "../../cache/markov-document.ts";
import { type AccessRank, KeyPredictions, MarkovModel } from "../../cache/markov-model.ts";
import { RandomStream } from "../../core/random.ts";

const SMALL = { order: 2, contextCount: 4, keyCount: 24, nodeCount: 64, successorCount: 4, mostKeyUnits: 40 };

function rank(): AccessRank {
  return { rank: -2, frequencyRank: -2, probability: -1 };
}

function predictionsOf(model: MarkovModel, context: string): [string, number][] {
  const out = new KeyPredictions();
  model.predict(context, 5, out);
  return out.keys.slice(0, out.count).map((key, i) => [key, out.probabilities[i]]);
}

describe("Markov model", () => {
  it("C06 C07 C08: learns each context's own sequence and predicts up to five keys of it", () => {
    const model = new MarkovModel();
    for (let i = 0; i < 200; i++) {
      model.observe("left", ["a", "b", "c"][i % 3]);
      model.observe("right", ["a", "c", "b"][i % 3]);
    }
    // Both end after "b" and "c": the same key, another successor.
    model.observe("left", "c");
    model.observe("right", "b");
    expect(predictionsOf(model, "left")[0][0]).toBe("a");
    model.observe("left", "a");
    model.observe("right", "a");
    expect(predictionsOf(model, "left")[0][0]).toBe("b");
    expect(predictionsOf(model, "right")[0][0]).toBe("c");
    expect(predictionsOf(model, "left")[0][1]).toBeGreaterThan(0.9);
    expect(predictionsOf(model, "nowhere")).toEqual([]);
    const many = new MarkovModel();
    for (let i = 0; i < 300; i++) many.observe("", `key ${(i * i) % 11}`);
    expect(predictionsOf(many, "")).toHaveLength(5);
    model.check();
  });

  it.each([1, 2, 3, 4])(
    "C08: bounded and sound under random use, no key in a context that never saw it, seed %i",
    (seed) => {
      const random = new RandomStream(seed, "markov-model test");
      const model = new MarkovModel(SMALL);
      const seen = new Map<string, Set<string>>();
      const bytes = model.stateBytes;
      for (let step = 0; step < 2000; step++) {
        const context = `context ${random.integer(7)}`;
        const draw = random.next();
        if (draw < 0.01) model.forget(context);
        else if (draw < 0.02) model.beginSession(context);
        else if (draw < 0.03) model.observe(context, "x".repeat(41));
        else {
          // Half of the keys are the context's own; there are more than there is room for.
          const key = random.chance(0.5) ? `${context} ${random.integer(8)}` : `shared ${random.integer(12)}`;
          model.observe(context, key);
          const keys = seen.get(context) ?? new Set();
          seen.set(context, keys.add(key));
        }
        if (draw < 0.01) seen.delete(context);
        for (const [key] of predictionsOf(model, context)) {
          expect(seen.get(context)?.has(key), `seed ${seed}, step ${step}: ${key} in ${context}`).toBe(true);
        }
        for (const { key } of model.hottest(context, 64)) expect(seen.get(context)?.has(key)).toBe(true);
        if (step % 100 === 0) model.check();
      }
      expect(model.stateBytes).toBe(bytes);
      expect(model.contextNames().length).toBeLessThanOrEqual(4);
      model.check();
    },
  );

  it("C20: the rank of an access is where a prediction made just before had it", () => {
    const random = new RandomStream(5, "markov-model test");
    const model = new MarkovModel({ ...SMALL, keyCount: 64 });
    const ranked = rank();
    let hits = 0;
    for (let i = 0; i < 1500; i++) {
      const context = `c${random.integer(3)}`;
      const key = random.chance(0.6) ? `k${i % 5}` : `k${random.integer(20)}`;
      const predicted = predictionsOf(model, context).map(([name]) => name);
      const hottest = model.hottest(context, 64).map((one) => one.key);
      model.observe(context, key, ranked);
      const place = predicted.indexOf(key);
      if (place >= 0) {
        expect(ranked.rank).toBe(place);
        expect(ranked.probability).toBeGreaterThan(0);
        hits++;
      } else expect(ranked.rank === -1 || ranked.rank >= 5).toBe(true);
      expect(ranked.frequencyRank).toBe(hottest.indexOf(key));
    }
    expect(hits).toBeGreaterThan(300);
    for (const [context, key] of [
      ["c0", "y".repeat(50)],
      ["z".repeat(50), "k1"],
    ]) {
      model.observe("c0", "k1", ranked);
      model.observe(context, key, ranked);
      expect(ranked).toEqual({ rank: -1, frequencyRank: -1, probability: 0 });
    }
  });

  it("a session's first access follows nothing", () => {
    const model = new MarkovModel();
    for (let i = 0; i < 100; i++) {
      model.beginSession("");
      for (const key of ["start", "middle", "end"]) model.observe("", key);
    }
    model.beginSession("");
    model.observe("", "start");
    expect(predictionsOf(model, "")[0][0]).toBe("middle");
    model.observe("", "middle");
    model.observe("", "end");
    model.beginSession("");
    model.beginSession("unknown");
    const shares = model.hottest("", 3).map((one) => one.shareRatio);
    for (const share of shares) expect(share).toBeCloseTo(1 / 3, 2);
    model.check();
  });

  it("odd keys are keys like any other", () => {
    const model = new MarkovModel();
    const odd = ["__proto__", "constructor", "", "\u0000", "\ud800", "ключ", "toString"];
    for (let i = 0; i < 140; i++) model.observe("__proto__", odd[i % odd.length]);
    expect(predictionsOf(model, "__proto__")[0][0]).toBe("__proto__");
    const again = markovFromJson(markovToJson(model));
    expect(predictionsOf(again, "__proto__")).toEqual(predictionsOf(model, "__proto__"));
  });

  it.each([1, 2, 3])("goes on after its document as if it had not been saved, seed %i", (seed) => {
    const random = new RandomStream(seed, "markov-document test");
    let saved = new MarkovModel(SMALL);
    const kept = new MarkovModel(SMALL);
    for (let step = 0; step < 1500; step++) {
      const context = `context ${random.integer(6)}`;
      const key = `key ${Math.min(random.integer(40), random.integer(40))}`;
      saved.observe(context, key);
      kept.observe(context, key);
      if (step % 250 === 100) {
        const text = markovToJson(saved);
        saved = markovFromJson(text);
        expect(markovToJson(saved)).toBe(text);
      }
      expect(predictionsOf(saved, context), `seed ${seed}, step ${step}`).toEqual(predictionsOf(kept, context));
    }
    expect(markovToJson(saved)).toBe(markovToJson(kept));
    expect(saved.observations).toBe(1500);
    saved.check();
  });
});
