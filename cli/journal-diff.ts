// Where two journals part: the first line that differs, found while reading both side by side, so that size does not matter.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { MempredError } from "../core/errors.ts";

export interface JournalDifference {
  /** Events that both have in common, header included. */
  readonly commonLines: number;
  /** Null when the journals are equal. */
  readonly first: {
    readonly line: number;
    /** Virtual time of the earlier of the two events; null in the header. */
    readonly atMicros: number | null;
    /** Undefined where that journal has ended. */
    readonly baseline: string | undefined;
    readonly current: string | undefined;
  } | null;
}

/** True when the file starts like a journal. Unreadable files are not journals; whoever reads them next says why. */
export async function isJournal(path: string): Promise<boolean> {
  for await (const line of linesOf(path)) return line.includes('"mempred.journal/');
  return false;
}

/** Compares two journals line by line. Errors: NOT_FOUND. */
export async function diffJournals(baselinePath: string, currentPath: string): Promise<JournalDifference> {
  const [baseline, current] = [linesOf(baselinePath), linesOf(currentPath)];
  try {
    for (let line = 1; ; line++) {
      const [a, b] = [await baseline.next(), await current.next()];
      if (a.done && b.done) return { commonLines: line - 1, first: null };
      const [textA, textB] = [a.done ? undefined : a.value, b.done ? undefined : b.value];
      if (textA === textB) continue;
      const times = [textA, textB].map(timeOf).filter((t) => t !== null);
      const atMicros = times.length === 0 ? null : Math.min(...times);
      return { commonLines: line - 1, first: { line, atMicros, baseline: textA, current: textB } };
    }
  } finally {
    await Promise.all([baseline.return(undefined), current.return(undefined)]);
  }
}

async function* linesOf(path: string): AsyncGenerator<string, undefined> {
  const stream = createReadStream(path);
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new MempredError("NOT_FOUND", `${path}: there is no file that can be read`, { file: path }, error);
  } finally {
    stream.destroy();
  }
  return undefined;
}

function timeOf(line: string | undefined): number | null {
  const match = line === undefined ? null : /"t":(\d+(?:\.\d+)?)/.exec(line);
  return match === null ? null : Number(match[1]);
}
