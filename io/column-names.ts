// Names of columns as people write them.

/** "Obj ID" and "objId" are obj_id. */
export function normalisedName(name: string): string {
  return name
    .trim()
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
}

/** The index of the surest name, −1 for none. @param known the surest first */
export function findColumn(names: readonly string[], known: readonly string[]): number {
  const name = known.find((candidate) => names.includes(candidate));
  return name === undefined ? -1 : names.indexOf(name);
}

export function isNumber(text: string): boolean {
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text);
}
