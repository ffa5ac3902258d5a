// "did you mean": the known word nearest to a mistyped one, by the edit distance with swaps of neighbours counted once
// (optimal string alignment).

/** The nearest of `known` within a third of the word's length (at least 1, at most 3 edits), or undefined. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let limit = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  let nearest: string | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && (nearest === undefined || distance < limit)) {
      nearest = candidate;
      limit = distance;
    }
  }
  return nearest;
}

/** `, did you mean "x"?` or nothing. */
export function suggestion(word: string, known: Iterable<string>): string {
  const nearest = suggest(word, known);
  return nearest === undefined ? "" : `, did you mean "${nearest}"?`;
}

function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
