import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";

const draw = (stream: RandomStream, n: number) => Array.from({ length: n }, () => stream.next());

describe("RandomStream", () => {
  it("gives the same numbers for the same seed and name, others for others", () => {
    const first = draw(new RandomStream(7, "sizes"), 100);
    expect(draw(new RandomStream(7, "sizes"), 100)).toEqual(first);
    expect(draw(new RandomStream(8, "sizes"), 100)).not.toEqual(first);
    expect(draw(new RandomStream(7, "lifetimes"), 100)).not.toEqual(first);
  });

  it("has pinned values: a change here changes every result", () => {
    expect(draw(new RandomStream(1, "workload"), 3)).toMatchInlineSnapshot(`
      [
        0.7544202082790434,
        0.43157428153790534,
        0.8173732289578766,
      ]
    `);
  });

  it("keeps its ranges and means", () => {
    const random = new RandomStream(3, "test");
    let sum = 0;
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const k = random.between(2, 5);
      seen.add(k);
      sum += random.exponential(10);
      expect(random.integer(3)).toBeLessThan(3);
    }
    expect([...seen].sort()).toEqual([2, 3, 4, 5]);
    expect(Math.abs(sum / 20_000 - 10)).toBeLessThan(0.4); // 5 standard errors
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });
});
