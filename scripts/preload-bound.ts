// How predictable a sequence is at all: the commonest successors of each context of 1 to 5 requests, counted on the first half of
// the sessions and judged on that same half (which no online model can reach: it knows what comes) and on the other half.
//
//   npx tsx scripts/preload-bound.ts [FOLDER]
//
// FOLDER holds msnbc-120k.txt.gz and unix-user*.txt.gz (UCI data sets), default ../shared/traces/sequence.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readCommands, readSessions } from "./sequence-accuracy.ts";

const ORDERS = [1, 2, 3, 4, 5];

export interface Bound {
  readonly contexts: number;
  /** Of the half that was counted: first and among the first three. */
  readonly known: readonly [number, number];
  /** Of the other half. */
  readonly unknown: readonly [number, number];
}

export function boundOf(first: readonly number[][], second: readonly number[][], order: number): Bound {
  const counts = new Map<string, Map<number, number>>();
  const each = (sessions: readonly number[][], visit: (context: string, next: number) => void) => {
    for (const session of sessions) {
      for (let i = 1; i < session.length; i++) visit(session.slice(Math.max(0, i - order), i).join(), session[i]!);
    }
  };
  each(first, (context, next) => {
    const found = counts.get(context) ?? new Map<number, number>();
    counts.set(context, found.set(next, (found.get(next) ?? 0) + 1));
  });
  const best = new Map([...counts].map(([context, found]) => [context, bestOf(found)]));
  const judge = (sessions: readonly number[][]): [number, number] => {
    let [total, top1, top3] = [0, 0, 0];
    each(sessions, (context, next) => {
      const place = best.get(context)?.indexOf(next) ?? -1;
      total++;
      if (place === 0) top1++;
      if (place >= 0) top3++;
    });
    return [top1 / total, top3 / total];
  };
  return { contexts: counts.size, known: judge(first), unknown: judge(second) };
}

function bestOf(counts: ReadonlyMap<number, number>): number[] {
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([symbol]) => symbol);
}

function main(): void {
  const folder = process.argv[2] ?? "../shared/traces/sequence";
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^(msnbc-.*|unix-user.*)\.txt\.gz$/.test(name));
  } catch {
    process.stderr.write(`skipped: there are no sequences in ${folder}\n`);
    return;
  }
  const percent = (shares: readonly number[]) => shares.map((one) => (100 * one).toFixed(1).padStart(7)).join("");
  process.stdout.write(`${"trace".padEnd(14)}order contexts   known half top 1, 3   other half top 1, 3, %\n`);
  for (const name of names.sort()) {
    const text = gunzipSync(readFileSync(join(folder, name))).toString("utf8");
    const sessions = name.startsWith("msnbc") ? readSessions(text) : readCommands(text).sessions;
    const halves = sessions.length > 1 ? halvesOf(sessions) : halvesOf(sessions[0]!).map((one) => [one]);
    for (const order of ORDERS) {
      const { contexts, known, unknown } = boundOf(halves[0]!, halves[1]!, order);
      const figures = `${percent(known).padStart(20)}${percent(unknown).padStart(22)}`;
      process.stdout.write(
        `${name.replace(".txt.gz", "").padEnd(14)}${order}${String(contexts).padStart(13)}${figures}\n`,
      );
    }
  }
}

function halvesOf<Item>(items: readonly Item[]): [Item[], Item[]] {
  const half = items.length >> 1;
  return [items.slice(0, half), items.slice(half)];
}

if (process.argv[1]?.endsWith("preload-bound.ts")) main();
