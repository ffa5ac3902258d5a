// Damaged and made-up models: each is refused with INVALID_MODEL, none is half taken, none throws anything else.

import { describe, expect, it } from "vitest";
import { MARKOV_SCHEMA, markovFromJson, markovToJson } from "../../cache/markov-document.ts";
import { MarkovModel } from "../../cache/markov-model.ts";
import { MempredError } from "../../core/errors.ts";
import { crc32 } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";

function trained(): MarkovModel {
  const model = new MarkovModel({ contextCount: 3, keyCount: 16, nodeCount: 32, successorCount: 4 });
  const random = new RandomStream(1, "markov fault");
  for (let i = 0; i < 300; i++) model.observe(`c${random.integer(3)}`, `k${random.integer(12)}`);
  return model;
}

const text = markovToJson(trained());

function codeOf(damaged: string): string {
  try {
    markovFromJson(damaged, "model.json").check();
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
  const units = Uint16Array.from(JSON.stringify(content), (unit) => unit.charCodeAt(0));
  const check = crc32(new Uint8Array(units.buffer)).toString(16).padStart(8, "0");
  return JSON.stringify({ schema, crc32: check, content });
}

describe("damaged models", () => {
  it("INVALID_MODEL: not JSON, another schema, cut off, empty", () => {
    for (const damaged of [
      "",
      "{",
      "null",
      "[]",
      "7",
      '"x"',
      "{}",
      text.slice(0, -40),
      text.replace("markov/1", "markov/9"),
    ]) {
      expect(codeOf(damaged), damaged.slice(0, 30)).toBe("INVALID_MODEL");
    }
    expect(codeOf(text)).toBe("");
    expect(codeOf(forged(() => undefined))).toBe("");
  });

  it.each([1, 2])("INVALID_MODEL: any changed byte that changes the meaning, seed %i", (seed) => {
    const random = new RandomStream(seed, "markov damage");
    let refused = 0;
    for (let i = 0; i < 250; i++) {
      const at = random.integer(text.length - 1);
      const byte = String.fromCharCode(33 + random.integer(90));
      if (text[at] === byte) continue;
      const damaged = text.slice(0, at) + byte + text.slice(at + 1);
      // A digit past what a double holds changes nothing.
      const code = codeOf(damaged);
      if (code === "") expect(JSON.stringify(JSON.parse(damaged))).toBe(JSON.stringify(JSON.parse(text)));
      else refused++;
      if (code !== "") expect(code, `seed ${seed}, byte ${at} = ${byte}`).toBe("INVALID_MODEL");
    }
    expect(refused).toBeGreaterThan(230);
  });

  it("INVALID_MODEL: a right check value over content that cannot be", () => {
    const changes: [string, (content: Content) => void][] = [
      ["no shape", (c) => delete c.shape],
      ["an order of 7", (c) => (c.shape.order = 7)],
      ["nodes, no power of two", (c) => (c.shape.nodeCount = 33)],
      ["a gigabyte", (c) => Object.assign(c.shape, { nodeCount: 1 << 22, successorCount: 64 })],
      ["a key number out of range", (c) => (c.keys[0][0] = 16)],
      ["two keys with one number", (c) => (c.keys[1][0] = c.keys[0][0])],
      ["two numbers for one key", (c) => (c.keys[1][1] = c.keys[0][1])],
      ["a key that is a number", (c) => (c.keys[0][1] = 5)],
      ["a lost key that nodes name", (c) => c.keys.pop()],
      ["a lost context", (c) => c.contexts.pop()],
      ["a weight that is text", (c) => (c.contexts[0][8][0] = "1")],
      ["a weight out of all bounds", (c) => (c.contexts[0][8][0] = 2 ** 40)],
      ["a weight that float32 does not hold", (c) => (c.contexts[0][8][0] = 0.1)],
      ["a square of 0", (c) => (c.contexts[0][9][0] = 0)],
      ["too few weights", (c) => c.contexts[0][8].pop()],
      ["a history of seven", (c) => (c.contexts[0][3] = [0, 0, 0, 0, 0, 0, 0])],
      ["uses without symbols", (c) => c.contexts[0][5].push(1)],
      ["a recent key twice", (c) => (c.contexts[0][4][1] = c.contexts[0][4][0])],
      ["hot keys out of order", (c) => (c.contexts[0][7][0] = 0)],
      ["a node in the wrong set", (c) => (c.nodes[0][0] = 31 - c.nodes[0][0])],
      ["two nodes in one place", (c) => (c.nodes[1][0] = c.nodes[0][0])],
      ["a node without successors", (c) => (c.nodes[0][5] = [])],
      ["a node with half of its counts", (c) => c.nodes[0][6].pop()],
      ["a node that nobody visited", (c) => (c.nodes[0][2] = 0)],
      ["a fast count too large", (c) => (c.nodes[0][7][0] = 65_535)],
      ["a successor twice", (c) => c.nodes.map((node: number[][]) => node[5].fill(node[5][0]))],
      ["a tick that is none", (c) => (c.tick = -1)],
      ["nodes that are no list", (c) => (c.nodes = { length: 3 })],
      ["a context row that is short", (c) => c.contexts[0].pop()],
    ];
    for (const [name, change] of changes) expect(codeOf(forged(change)), name).toBe("INVALID_MODEL");
  });

  it.each([1, 2])("random forgeries are refused or sound, seed %i", (seed) => {
    const random = new RandomStream(seed, "markov forgery");
    const values = [-1, 0, 1, 3, 15, 16, 65_535, 65_536, 1.5, null, "x", [], {}, true];
    for (let i = 0; i < 150; i++) {
      const damaged = forged((content) => {
        // Down a random path, then something else is there.
        let at = content;
        for (;;) {
          const names = Object.keys(at);
          const name = names[random.integer(names.length)];
          const next = at[name];
          if (typeof next !== "object" || next === null || Object.keys(next).length === 0 || random.chance(0.1)) {
            at[name] = values[random.integer(values.length)];
            return;
          }
          at = next;
        }
      });
      expect(["", "INVALID_MODEL"], `seed ${seed}, forgery ${i}`).toContain(codeOf(damaged));
    }
  });

  it("says what it expected", () => {
    try {
      markovFromJson(text.replace(MARKOV_SCHEMA, "mempred.markov/2"));
    } catch (error) {
      expect((error as MempredError).details.expected).toBe(MARKOV_SCHEMA);
      return;
    }
    expect.unreachable();
  });
});
