// What is asked for at this time of day, by this user and by everyone: counts for each hour, apart on Saturdays and Sundays, that
// fade as new ones come. An hour's neighbours count half, round the clock, so that nothing breaks off at the full hour.

import { quickLog } from "../../cache/quick-math.ts";
import { SequenceTable } from "../../cache/sequence-table.ts";
import { assert } from "../../core/errors.ts";
import type { CandidateMixer } from "./candidate-mixer.ts";
import { type Columns, checkNames, tableColumns } from "./columns.ts";
import { type Expert, type Situation, SOURCES } from "./expert.ts";

const HOUR_MILLIS = 3_600_000;
const DAY_HOURS = 24;
/** Hours of a working day, then those of a Saturday or Sunday. */
const HOUR_KINDS = 2 * DAY_HOURS;
const BUCKETS = 8;
const SOURCE = SOURCES.indexOf("hour");
const NO_CONTEXT = new Uint16Array(1);
const MOST_SPACES = 65_534;
/** Symbols that one proposal gathers. */
const MOST_GATHERED = 128;

/** 0 to 47: the hour of the day, 24 more on Saturdays and Sundays. @param offsetMinutes of local time from UTC */
export function hourOf(atMillis: number, offsetMinutes: number): number {
  assert(Number.isFinite(atMillis), "a request has a time");
  const hours = Math.floor((atMillis + offsetMinutes * 60_000) / HOUR_MILLIS);
  const day = Math.floor(hours / DAY_HOURS);
  const hour = hours - day * DAY_HOURS;
  const weekday = (((day + 4) % 7) + 7) % 7; // 1 January 1970 was a Thursday; 0 is Sunday
  return weekday === 0 || weekday === 6 ? hour + DAY_HOURS : hour;
}

export class HourExpert implements Expert {
  readonly source = "hour";
  readonly table: SequenceTable;
  /** Users with hours of their own; too many share everyone's. */
  readonly #userCount: number;
  readonly #weights: number;
  readonly #sums: Float32Array; // by symbol; 0 outside a proposal
  readonly #gathered = new Uint16Array(MOST_GATHERED);
  #gatheredCount = 0;
  tick = 0;

  constructor(
    options: { symbolCount: number; userCount: number; nodeCount: number; successorCount: number },
    mixer: CandidateMixer,
  ) {
    const { symbolCount, userCount, nodeCount, successorCount } = options;
    this.#userCount = (userCount + 1) * HOUR_KINDS <= MOST_SPACES ? userCount : 0;
    this.table = new SequenceTable({ nodeCount, successorCount, order: 0 });
    this.#weights = mixer.reserve(2 * BUCKETS, 0.05);
    this.#sums = new Float32Array(symbolCount);
  }

  get stateBytes(): number {
    return this.table.stateBytes + this.#sums.byteLength;
  }

  propose({ user, hour }: Situation, mixer: CandidateMixer): void {
    this.#propose(0, hour, this.#weights, mixer);
    if (this.#userCount > 0) this.#propose(user + 1, hour, this.#weights + BUCKETS, mixer);
  }

  observe({ user, hour }: Situation, symbol: number): void {
    this.tick = (this.tick + 1) >>> 0;
    this.#count(hour, symbol);
    if (this.#userCount > 0) this.#count((user + 1) * HOUR_KINDS + hour, symbol);
  }

  forget(deadSymbols: Uint8Array, deadUsers: Uint8Array): void {
    const deadSpaces = new Uint8Array((this.#userCount + 1) * HOUR_KINDS);
    for (let user = 0; user < this.#userCount; user++) {
      if (deadUsers[user] === 1) deadSpaces.fill(1, (user + 1) * HOUR_KINDS, (user + 2) * HOUR_KINDS);
    }
    this.table.purge(deadSymbols, deadSpaces);
  }

  columns(): Columns {
    return tableColumns(this.table);
  }

  check(isKnown: (symbol: number) => boolean): void {
    this.table.check((this.#userCount + 1) * HOUR_KINDS, 65_536);
    checkNames(this.table, isKnown);
  }

  #propose(who: number, hour: number, weight: number, mixer: CandidateMixer): void {
    const { table } = this;
    const kind = hour < DAY_HOURS ? 0 : DAY_HOURS;
    const at = hour - kind;
    let visits = 0;
    for (let side = -1; side <= 1; side++) {
      const space = who * HOUR_KINDS + kind + ((at + side + DAY_HOURS) % DAY_HOURS);
      const node = table.find(space, 0, NO_CONTEXT);
      if (node >= 0) visits += this.#gatherNode(node, side === 0 ? 1 : 0.5);
    }
    if (this.#gatheredCount > 0) mixer.column(weight + Math.min(BUCKETS - 1, 31 - Math.clz32(visits)), SOURCE);
    let total = 0;
    for (let i = 0; i < this.#gatheredCount; i++) total += this.#sums[this.#gathered[i]!]!;
    for (let i = 0; i < this.#gatheredCount; i++) {
      const symbol = this.#gathered[i]!;
      mixer.add(symbol, quickLog(1 + (64 * this.#sums[symbol]!) / total));
      this.#sums[symbol] = 0;
    }
    this.#gatheredCount = 0;
  }

  /** @returns visits of the node */
  #gatherNode(node: number, share: number): number {
    const { successors, slow, successorCount, successorCounts, visits } = this.table;
    const first = node * successorCount;
    for (let i = first; i < first + successorCounts[node]!; i++) {
      const symbol = successors[i]!;
      if (this.#sums[symbol] === 0) {
        if (this.#gatheredCount === MOST_GATHERED) break;
        this.#gathered[this.#gatheredCount++] = symbol;
      }
      this.#sums[symbol] = this.#sums[symbol]! + share * slow[i]!;
    }
    return visits[node]!;
  }

  #count(space: number, symbol: number): void {
    const { table } = this;
    const found = table.find(space, 0, NO_CONTEXT);
    table.count(found >= 0 ? found : table.insert(space, 0, NO_CONTEXT, this.tick), symbol, this.tick);
  }
}
