// The `name=number` words of a comment line, as `# fields: ...; ids=10 ops=25 peak_live_bytes=4096` in trep and rep files.

/** Takes every `name=number` of a comment into `declared`; the first value of a name stays. */
export function readDeclaredCounts(comment: string, declared: Record<string, number>): void {
  for (const match of comment.matchAll(/([a-z][a-z0-9_]*)=(\d{1,15})(?![\w.])/g)) {
    const [, name, digits] = match;
    if (!Object.hasOwn(declared, name)) declared[name] = Number(digits);
  }
}
