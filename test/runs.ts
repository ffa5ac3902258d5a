// How often properties are tried. In CI as often as each says, with new seeds each time; `MEMPRED_RUNS=20 npx vitest run` looks
// twenty times as hard for what that has missed so far.

const FACTOR = Number(process.env["MEMPRED_RUNS"] ?? 1);
if (!(Number.isInteger(FACTOR) && FACTOR >= 1)) throw new Error("MEMPRED_RUNS is a whole number of 1 or more");

/** To be given as `numRuns`. */
export function runs(count: number): number {
  return count * FACTOR;
}
