// Text between markers in a document, `<!-- figures:NAME -->` … `<!-- /figures:NAME -->`: written by scripts, never by hand.

/** Errors: there is no such block. */
export function replaceBlock(text: string, name: string, block: string): string {
  const [open, close] = [`<!-- figures:${name} -->`, `<!-- /figures:${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`there is no block ${name}`);
  return `${text.slice(0, from + open.length)}\n${block}\n${text.slice(to)}`;
}
