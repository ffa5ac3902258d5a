// What followed in sessions that looked alike: the last different components, whatever was asked for again in between. A visitor
// who reads three pages of a section and goes back has the same context as one who read two. Two contexts: the last three
// different components, and the last two with the length of the current run and how many different ones there were.

import { RECENCY_COUNT, type SequenceHistory } from "../../cache/sequence-history.ts";
import { MOST_ORDER, SequenceTable, SLOW_UNIT } from "../../cache/sequence-table.ts";
import { logDeterministic } from "../../core/math.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import { type Columns, checkNames, tableColumns } from "./columns.ts";
import { type Expert, type Situation, SOURCES } from "./expert.ts";

const CONTEXT_COUNT = 2;
const SPACE_COUNT = (MOST_ORDER + 1) * (RECENCY_COUNT + 1);
const BUCKETS = 8;
const SOURCE = SOURCES.indexOf("session");
const LOG_STEP = 3;
/** log(1 + 16 · count), by count in quarters. */
const LOGS = Float32Array.from({ length: 65_536 >> LOG_STEP }, (_, i) =>
  logDeterministic(1 + (16 * i * (1 << LOG_STEP)) / SLOW_UNIT),
);

export class SessionExpert implements Expert {
  readonly source = "session";
  readonly table: SequenceTable;
  readonly #weights: number;
  readonly #nodes = new Int32Array(CONTEXT_COUNT);
  readonly #noSpaces = new Uint8Array(SPACE_COUNT);
  tick = 0;

  constructor(options: { nodeCount: number; successorCount: number }, mixer: CandidateMixer) {
    const { nodeCount, successorCount } = options;
    this.table = new SequenceTable({ nodeCount, successorCount, order: 3 });
    this.#weights = mixer.reserve(CONTEXT_COUNT * BUCKETS, 0.05);
  }

  get stateBytes(): number {
    return this.table.stateBytes;
  }

  propose({ history }: Situation, mixer: CandidateMixer): void {
    const { table } = this;
    const { successors, slow, successorCount, successorCounts, visits } = table;
    for (let kind = 0; kind < CONTEXT_COUNT; kind++) {
      const order = this.#orderOf(kind, history);
      const node = order === 0 ? -1 : table.find(this.#spaceOf(kind, history), order, history.used);
      this.#nodes[kind] = node;
      if (node < 0) continue;
      mixer.column(this.#weights + kind * BUCKETS + Math.min(BUCKETS - 1, 31 - Math.clz32(visits[node]!)), SOURCE);
      const first = node * successorCount;
      const end = first + successorCounts[node]!;
      for (let i = first; i < end; i++) mixer.add(successors[i]!, LOGS[slow[i]! >> LOG_STEP]!);
    }
  }

  observe({ history }: Situation, symbol: number): void {
    this.tick = (this.tick + 1) >>> 0;
    // Those that were found first: a new node may take the place of one of them.
    for (let kind = 0; kind < CONTEXT_COUNT; kind++) {
      if (this.#nodes[kind]! >= 0) this.table.count(this.#nodes[kind]!, symbol, this.tick);
    }
    for (let kind = 0; kind < CONTEXT_COUNT; kind++) {
      if (this.#nodes[kind]! >= 0) continue;
      const order = this.#orderOf(kind, history);
      if (order === 0) continue;
      const node = this.table.insert(this.#spaceOf(kind, history), order, history.used, this.tick);
      this.table.count(node, symbol, this.tick);
    }
  }

  forget(deadSymbols: Uint8Array): void {
    this.table.purge(deadSymbols, this.#noSpaces);
  }

  columns(): Columns {
    return tableColumns(this.table);
  }

  check(isKnown: (symbol: number) => boolean): void {
    this.table.check(SPACE_COUNT, 65_536);
    checkNames(this.table, isKnown);
  }

  /** Length of a kind's context, 0: there is none. Components stand in `used`, the latest first. */
  #orderOf(kind: number, history: SequenceHistory): number {
    return Math.min(kind === 0 ? 3 : 2, history.usedCount);
  }

  /** What else a context is made of is kept in the space, so that numbers of components are nothing else. */
  #spaceOf(kind: number, { recent, length, usedCount }: SequenceHistory): number {
    if (kind === 0) return 0;
    let run = 1;
    while (run < length && recent[run] === recent[0]) run++;
    return run * (RECENCY_COUNT + 1) + usedCount;
  }
}
