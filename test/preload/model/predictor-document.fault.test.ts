// Saved predictors: read again they go on exactly like the one that was written; damaged and made-up ones are refused with
// INVALID_MODEL, none is half taken, none throws anything else.

import { describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { crc32 } from "../../../core/hash.ts";
import { RandomStream } from "../../../core/random.ts";
import type { NextComponentPredictor } from "../../../preload/model/next-component-predictor.ts";
import { PRELOAD_MODEL_SCHEMA, predictorFromJson, predictorToJson } from "../../../preload/model/predictor-document.ts";
import { chain, small } from "./streams.ts";

const SHAPE = {
  componentCount: 40,
  userCount: 6,
  nodeCount: 128,
  sharedNodeCount: 64,
  sessionNodeCount: 64,
  hourNodeCount: 64,
  linkCount: 256,
  successorCount: 6,
};

function play(model: NextComponentPredictor, seed: number, length: number): unknown[] {
  const stream = new RandomStream(seed, "document");
  const told: unknown[] = [];
  let atMillis = seed * 1e9;
  for (const component of chain(stream, 50, length)) {
    const user = `u${stream.integer(9)}`;
    atMillis += 600_000;
    model.observe({ component: `view/${component}/part`, user, atMillis, isFirst: stream.chance(0.05) });
    told.push(model.expect(user, atMillis, 3, 4));
  }
  return told;
}

/** Long enough that components and users are forgotten. */
const LENGTH = 200;

const trained = small(SHAPE);
play(trained, 1, LENGTH);
const text = predictorToJson(trained);

function codeOf(damaged: string): string {
  try {
    const model = predictorFromJson(damaged, "model.json");
    // What was taken must work.
    play(model, 3, 5);
    model.check();
    return "";
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(MempredError);
    expect((error as MempredError).message).toContain("model.json: ");
    return (error as MempredError).code;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a document is taken apart
type Content = any;

/** The document with a changed content and the right check value. */
function forged(change: (content: Content) => void): string {
  const { schema, content } = JSON.parse(text) as { schema: string; content: Content };
  change(content);
  const changed = JSON.stringify(content);
  const units = new Uint16Array(changed.length);
  for (let i = 0; i < units.length; i++) units[i] = changed.charCodeAt(i);
  const check = crc32(new Uint8Array(units.buffer)).toString(16).padStart(8, "0");
  return JSON.stringify({ schema, crc32: check, content });
}

describe("saved predictors", () => {
  it("go on exactly like the one that was written", () => {
    const read = predictorFromJson(text);
    read.check();
    expect(predictorToJson(read)).toBe(text);
    expect(read.stateBytes).toBe(trained.stateBytes);
    const original = small(SHAPE);
    play(original, 1, LENGTH);
    expect(play(read, 2, 100)).toEqual(play(original, 2, 100));
    expect(predictorToJson(read)).toBe(predictorToJson(original));
  });

  it("may leave experts out, and be new", () => {
    const model = small({ ...SHAPE, without: ["words", "links", "sequence"], isCalibrated: false });
    expect(predictorFromJson(predictorToJson(model)).shape).toEqual(model.shape);
    play(model, 1, 50);
    expect(play(predictorFromJson(predictorToJson(model)), 2, 30)).toEqual(play(model, 2, 30));
  });

  it("INVALID_MODEL: not JSON, another schema, cut off, empty", () => {
    for (const damaged of ["", "{", "null", "[]", "7", "{}", text.slice(0, -40), text.replace("model/1", "model/9")]) {
      expect(codeOf(damaged), damaged.slice(0, 30)).toBe("INVALID_MODEL");
    }
    expect(codeOf(text)).toBe("");
    expect(codeOf(forged(() => undefined))).toBe("");
    expect(text).toContain(PRELOAD_MODEL_SCHEMA);
  });

  it("INVALID_MODEL: any changed digit", () => {
    const stream = new RandomStream(5, "digits");
    for (let i = 0; i < 40; i++) {
      const at = stream.integer(text.length);
      const digit = text[at]! >= "0" && text[at]! <= "8" ? String(Number(text[at]) + 1) : "!";
      const damaged = text.slice(0, at) + digit + text.slice(at + 1);
      // The last of many digits may make no other number.
      if (digit !== "!" && JSON.stringify(JSON.parse(damaged)) === text.trim()) continue;
      expect(codeOf(damaged), `at ${at}`).toBe("INVALID_MODEL");
    }
  });

  const forgeries: Record<string, (content: Content) => void> = {
    "too large": (content) => Object.assign(content.shape, { nodeCount: 1 << 22, successorCount: 64 }),
    "no power of two": (content) => (content.shape.linkCount = 300),
    "an unknown expert": (content) => content.shape.without.push("stars"),
    "no calibration": (content) => (content.shape.isCalibrated = 1),
    "a number too many": (content) => (content.components[0][0] = 40),
    "two of a name": (content) => (content.components[0][1] = content.components[1][1]),
    "a component less": (content) => content.components.pop(),
    "a user less": (content) => content.users.pop(),
    "two of a user": (content) => content.users.push(content.users[0]),
    "an hour too many": (content) => (content.users[0][4] = 48),
    "a history too long": (content) => (content.users[0][5] = [0, 0, 0, 0, 0, 0, 0]),
    "uses without components": (content) => content.users[0][7].push(1),
    "no tick": (content) => delete content.ticks.hour,
    "a word twice": (content) => content.words.push(content.words[0]),
    "a word of nothing": (content) => content.words.push(["nothing", []]),
    "no part": (content) => delete content.columns.mixer,
    "no column": (content) => delete content.columns.sequence.successors,
    "a place outside": (content) => content.columns.calibrator.values.push([600, [0.5]]),
    "a run too long": (content) => content.columns.calibrator.values.push([599, [0.5, 0.5]]),
    "a curve that falls": (content) => content.columns.calibrator.values.push([0, [0.9]]),
    "a text for a number": (content) => content.columns.calibrator.values.push([0, ["0"]]),
    "more digits than fit": (content) => content.columns.mixer.weights.push([0, [0.1]]),
    "no squares": (content) => content.columns.mixer.squares.push([0, [0]]),
    "an endless weight": (content) => content.columns.links.weights.push([0, [2 ** 30]]),
    "a successor of no name": (content) => content.columns.sequence.successors.push([0, new Array(768).fill(39.5)]),
    "a neighbour of itself": ({ columns: { profiles } }) => {
      profiles.nearest.push([0, new Array(48).fill(0)]);
      profiles.nearestCounts.push([0, [2]]);
    },
    "too many in a profile": (content) => content.columns.profiles.counts.push([0, [33]]),
    "a ring too long": (content) => content.columns.words.recentCounts.push([0, [21]]),
    "a statement of no kind": (content) => content.columns.open.kinds.push([0, [24]]),
    "a statement too sure": (content) => content.columns.open.stated.push([0, [2]]),
    "a node in a wrong set": (content) => content.columns.session.spaces.push([0, new Array(64).fill(99)]),
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    it(`INVALID_MODEL: ${what}`, () => expect(codeOf(forged(forge))).toBe("INVALID_MODEL"));
  }

  for (const seed of [1, 2]) {
    it(`refuses or takes made-up values, and works on with what it took (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "forgeries");
      let refused = 0;
      for (let i = 0; i < 25; i++) {
        const code = codeOf(
          forged((content) => {
            const parts = Object.values(content.columns) as Record<string, [number, number[]][]>[];
            const arrays = parts.flatMap((part) => Object.values(part)).filter((runs) => runs.length > 0);
            const runs = arrays[stream.integer(arrays.length)]!;
            const run = runs[stream.integer(runs.length)]!;
            run[1][stream.integer(run[1].length)] = stream.integer(stream.chance(0.5) ? 40 : 70_000);
          }),
        );
        expect(["", "INVALID_MODEL"]).toContain(code);
        if (code !== "") refused++;
      }
      expect(refused).toBeGreaterThan(3);
    });
  }
});
