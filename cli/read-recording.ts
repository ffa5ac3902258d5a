// A journal file as a recording, read line by line: a journal may be longer than a text can be.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { MempredError } from "../core/errors.ts";
import { JournalReader } from "../sim/recording/read-journal.ts";
import type { Recording } from "../sim/recording/recording.ts";

/** Errors: NOT_FOUND; INVALID_RESULT with the line, for what is no journal or a damaged one. */
export async function readRecording(path: string): Promise<Recording> {
  const reader = new JournalReader(path);
  const stream = createReadStream(path);
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) reader.take(line);
  } catch (error) {
    if (error instanceof MempredError) throw error;
    throw new MempredError("NOT_FOUND", `${path}: there is no file that can be read`, { file: path }, error);
  } finally {
    stream.destroy();
  }
  return reader.finish();
}
