// Which format a text is, by its first lines. Names of files are not asked: `.txt`, `.log` and `.csv` say nothing.

import { MempredError } from "../../core/errors.ts";
import { TRACE_FORMAT_IDS, TRACE_FORMATS, type TraceFormat } from "./registry.ts";

/** Characters that are enough to tell. */
export const SNIFF_CHARACTERS = 65_536;
const REPLACEMENT = "\ufffd";

/**
 * The format of a text that starts with `sample`.
 * @param file as it shall stand in the message
 * Throws UNKNOWN_FORMAT, which lists the known formats.
 */
export function sniffFormat(sample: string, file: string): TraceFormat {
  if (!looksBinary(sample)) {
    const lines = sample.split(/\r?\n/);
    if (sample.length >= SNIFF_CHARACTERS && lines.length > 1) lines.pop(); // perhaps half a line
    const format = TRACE_FORMATS.find((candidate) => candidate.looksLike(lines));
    if (format) return format;
  }
  const known = TRACE_FORMAT_IDS.join(", ");
  const what = looksBinary(sample) ? "binary data, not a trace in text" : "no trace format recognised";
  throw new MempredError("UNKNOWN_FORMAT", `${file}: ${what}; known formats: ${known}`, {
    file,
    line: 1,
    expected: known,
  });
}

/** Zero bytes, or more than a tenth of characters that are not UTF-8. */
function looksBinary(sample: string): boolean {
  if (sample.includes("\0")) return true;
  let foreign = 0;
  for (let at = sample.indexOf(REPLACEMENT); at >= 0; at = sample.indexOf(REPLACEMENT, at + 1)) foreign++;
  return foreign * 10 > sample.length;
}
