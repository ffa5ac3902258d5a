import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { crc32 } from "../../core/hash.ts";
import { CompactPredictor } from "../../predictor/compact-predictor.ts";
import { initialWeights, PARAMETER_COUNT } from "../../predictor/network.ts";
import { PREDICTOR_STATE_BYTES, PressurePredictor } from "../../predictor/pressure-predictor.ts";
import {
  decodeWeights,
  encodeWeights,
  isCompactState,
  loadCompactState,
  loadState,
  saveCompactState,
  saveState,
  weightsFromJson,
  weightsToJson,
} from "../../predictor/weights-file.ts";
import { drive, wave } from "./signals.ts";

const weights = initialWeights(7);

/** The message of the INVALID_WEIGHTS error that `action` throws. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    expect((error as MempredError).code).toBe("INVALID_WEIGHTS");
    expect((error as MempredError).details.file).toBe("w");
    expect((error as MempredError).details.expected).toBeTypeOf("string");
    expect((error as MempredError).message).toMatch(/^w: /);
    return (error as MempredError).message;
  }
  throw new Error("it was accepted");
}

/** A changed copy with a matching CRC. */
function forged(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setUint32(copy.length - 4, crc32(copy.subarray(0, copy.length - 4)), true);
  return copy;
}

describe("binary weights", () => {
  it("read back exactly", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 49, maxLength: 49 }),
        (values) => {
          expect(decodeWeights(encodeWeights(values))).toEqual(Float64Array.from(values));
        },
      ),
    );
  });

  it("are little-endian, from the first weight on", () => {
    const bytes = encodeWeights([1, ...new Array<number>(48).fill(0)]);
    expect(bytes).toHaveLength(16 + 392 + 4);
    expect([...bytes.subarray(0, 16)]).toEqual([77, 80, 82, 87, 1, 0, 1, 0, 4, 8, 1, 0, 136, 1, 0, 0]);
    expect([...bytes.subarray(16, 24)]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  });

  it("any flipped bit is found", () => {
    const bytes = encodeWeights(weights);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      refusal(() => decodeWeights(damaged, "w"));
    }
  });

  it("any other length is found", () => {
    const bytes = encodeWeights(weights);
    for (let length = 0; length < bytes.length; length++) refusal(() => decodeWeights(bytes.subarray(0, length), "w"));
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(refusal(() => decodeWeights(longer, "w"))).toContain("bytes");
  });

  it("says what is wrong", () => {
    const bytes = encodeWeights(weights);
    const say = (damaged: Uint8Array) => refusal(() => decodeWeights(damaged, "w"));
    expect(say(new TextEncoder().encode("not weights at all, but long enough"))).toContain("no file of weights");
    expect(say(forged(bytes, (view) => view.setUint16(4, 2, true)))).toContain("version is 2");
    expect(say(forged(bytes, (view) => view.setUint8(9, 16)))).toContain("4-16-1");
    expect(say(forged(bytes, (view) => view.setUint16(6, 9, true)))).toContain("nothing known");
    expect(say(forged(bytes, (view) => view.setFloat64(16 + 8 * 5, NaN, true)))).toContain("weight 5 is NaN");
    expect(say(forged(bytes, (view) => view.setFloat64(16, Infinity, true)))).toContain("weight 0 is Infinity");
    expect(say(saveState(new PressurePredictor()))).toContain("a whole state");
    const flipped = bytes.slice();
    flipped[100]! ^= 4;
    expect(say(flipped)).toContain("CRC-32");
  });

  it("only finite weights are written", () => {
    const bad = weights.slice();
    bad[3] = NaN;
    expect(() => encodeWeights(bad)).toThrow();
    expect(() => weightsToJson(bad)).toThrow();
    expect(() => encodeWeights([1])).toThrow();
  });
});

describe("K78: JSON weights", () => {
  it("read back exactly and look as documented", () => {
    const text = weightsToJson(weights);
    expect(weightsFromJson(text)).toEqual(weights);
    const document = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(document)).toEqual(["schema", "architecture", "weights", "crc32"]);
    expect(document["schema"]).toBe("mempred.weights/1");
    expect(document["architecture"]).toEqual([4, 8, 1]);
    expect(document["weights"]).toHaveLength(PARAMETER_COUNT);
    expect(document["crc32"]).toMatch(/^[0-9a-f]{8}$/);
    expect(weightsFromJson(JSON.stringify({ ...document, note: "more" }))).toEqual(weights);
    expect(weightsFromJson(weightsToJson([-0, 5e-324, ...new Array<number>(47).fill(1 / 3)]))[1]).toBe(5e-324);
  });

  it.each<[string, (document: Record<string, unknown>) => unknown, string]>([
    ["another schema", (d) => ({ ...d, schema: "mempred.result/1" }), "mempred.result/1"],
    ["another architecture", (d) => ({ ...d, architecture: [4, 16, 1] }), "[4,16,1]"],
    ["too few weights", (d) => ({ ...d, weights: (d["weights"] as number[]).slice(1) }), "48 weights"],
    ["no weights", (d) => ({ ...d, weights: 5 }), "no list"],
    [
      "a text among the weights",
      (d) => ({ ...d, weights: ["0.5", ...(d["weights"] as number[]).slice(1)] }),
      "weight 0",
    ],
    [
      "null, which is what JSON makes of NaN",
      (d) => ({ ...d, weights: [...(d["weights"] as number[]).slice(1), null] }),
      "weight 48",
    ],
    ["a changed weight", (d) => ({ ...d, weights: [9, ...(d["weights"] as number[]).slice(1)] }), "check value"],
    ["a changed check value", (d) => ({ ...d, crc32: "00000000" }), "check value"],
    ["no object", () => [1, 2], "schema"],
    ["null", () => null, "schema"],
  ])("%s is refused", (_, change, expected) => {
    const document = JSON.parse(weightsToJson(weights)) as Record<string, unknown>;
    expect(refusal(() => weightsFromJson(JSON.stringify(change(document)), "w"))).toContain(expected);
  });

  it("what is no JSON, or overflows, is refused", () => {
    expect(refusal(() => weightsFromJson("{", "w"))).toContain("not JSON");
    const text = weightsToJson(weights).replace(/"weights":\[[^,]+/, '"weights":[1e999');
    expect(refusal(() => weightsFromJson(text, "w"))).toContain("weight 0 is Infinity");
  });
});

describe("whole states", () => {
  const signal = wave(3, 0.8, 0.15, 20);

  it("K01: a loaded predictor goes on bit by bit", () => {
    const first = new PressurePredictor({ seed: 4 });
    drive(first, signal, { ticks: 77 });
    first.noteCompaction(38e6);
    const file = saveState(first);
    expect(file).toHaveLength(16 + PREDICTOR_STATE_BYTES + 4);
    const arena = new ArrayBuffer(2048);
    const second = loadState(file, { buffer: arena, byteOffset: 512 });
    expect(second.bytes).toEqual(first.bytes);
    expect(second.weights.buffer).toBe(arena);
    const steady = () => 0.9;
    for (const each of [first, second, loadState(file)]) drive(each, steady, { ticks: 50, firstTick: 77 });
    expect(second.bytes).toEqual(first.bytes);
  });

  it("a damaged or foreign file is refused and overwrites nothing", () => {
    const file = saveState(new PressurePredictor());
    const arena = new ArrayBuffer(1024);
    new Uint8Array(arena).fill(0x5a);
    for (let byte = 0; byte < file.length; byte++) {
      const damaged = file.slice();
      damaged[byte]! ^= 0x10;
      refusal(() => loadState(damaged, { buffer: arena }, "w"));
    }
    expect(refusal(() => loadState(encodeWeights(weights), {}, "w"))).toContain("holds weights");
    const foreign = forged(file, (view) => view.setUint32(16, 1234, true));
    expect(() => loadState(foreign, { buffer: arena })).toThrow(MempredError);
    expect(new Uint8Array(arena).every((byte) => byte === 0x5a)).toBe(true);
    expect(() => loadState(file, { buffer: arena, byteOffset: 3 })).toThrow();
    expect(() => loadState(file, { buffer: arena, byteOffset: 512 })).toThrow();
  });
});

describe("the state of a compact predictor as a file", () => {
  it("goes on bit by bit, from a pooled buffer too; another kind and damage are told", () => {
    const predictor = new CompactPredictor();
    for (let tick = 0; tick < 60; tick++) predictor.tick(tick * 500_000, 0.9, 0.9 + (tick % 7) / 100, false);
    const file = saveCompactState(predictor);
    expect(isCompactState(file)).toBe(true);
    const again = loadCompactState(Buffer.from(file));
    for (let tick = 60; tick < 80; tick++) {
      for (const each of [predictor, again]) each.tick(tick * 500_000, 0.91, 0.95, false);
      expect(again.forecast(tick * 500_000)).toBe(predictor.forecast(tick * 500_000));
    }
    expect(isCompactState(saveState(new PressurePredictor()))).toBe(false);
    expect(() => loadState(file)).toThrow("the state of a compact predictor");
    file[20]! ^= 1;
    expect(() => loadCompactState(file)).toThrow("CRC-32");
  });
});
