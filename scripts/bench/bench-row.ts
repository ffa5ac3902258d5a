// One line of a benchmark's result, as every benchmark returns them.

export interface BenchRow {
  /** What was measured, unique within the benchmark. */
  name: string;
  value: number;
  /** Unit of the value, e.g. "ns/op", "x", "%". */
  unit: string;
  /** The mark to reach, as text, e.g. "<= 45". */
  mark?: string;
  /** How it was measured, or what it was compared with. */
  note?: string;
}
