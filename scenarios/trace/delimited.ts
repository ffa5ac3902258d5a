// Fields of a delimited line (RFC 4180 without line breaks inside quotes), for the csv and minimalloc readers.

const DELIMITERS = [",", ";", "\t"] as const;

/** The delimiter of a header line: the one that occurs most, a comma in doubt. */
export function delimiterOf(header: string): string {
  let best = ",";
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const count = header.split(delimiter).length;
    if (count > most) {
      best = delimiter;
      most = count;
    }
  }
  return best;
}

/**
 * Splits a line into `out`, blanks around fields removed.
 * @returns the number of fields; −1 for a quote that does not close. `out` keeps older entries beyond it.
 */
export function splitFields(line: string, delimiter: string, out: string[]): number {
  if (line.includes('"')) return splitQuoted(line, delimiter, out);
  let count = 0;
  let from = 0;
  for (;;) {
    const at = line.indexOf(delimiter, from);
    out[count++] = line.slice(from, at < 0 ? line.length : at).trim();
    if (at < 0) return count;
    from = at + 1;
  }
}

function splitQuoted(line: string, delimiter: string, out: string[]): number {
  let count = 0;
  let field = "";
  let isQuoted = false;
  for (let i = 0; i <= line.length; i++) {
    const c = line[i];
    if (isQuoted) {
      if (c === undefined) return -1;
      if (c !== '"') field += c;
      else if (line[i + 1] === '"') {
        field += '"';
        i++;
      } else isQuoted = false;
    } else if (c === undefined || c === delimiter) {
      out[count++] = field.trim();
      field = "";
    } else if (c === '"' && field.trim() === "") {
      field = "";
      isQuoted = true;
    } else field += c;
  }
  return count;
}
