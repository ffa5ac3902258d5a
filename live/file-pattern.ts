// File patterns: * and ? within a name, ** for any folders, {a,b} for alternatives. Names that begin with a dot are matched only by
// a part that begins with one, ** never walks into them. Matching takes time in proportion to pattern × name, whatever the
// pattern (a regular expression made of many stars would not), and the number of alternatives is bounded.

import { MempredError } from "../core/errors.ts";

const MOST_ALTERNATIVES = 256;
const MOST_UNITS = 4096;

/** A pattern without alternatives, as its parts between slashes. */
export type PatternParts = readonly string[];

/**
 * Takes a pattern apart: one list of parts for each alternative.
 * @throws MempredError OUTSIDE_ROOT for an absolute pattern and one with a part "..", INVALID_INPUT for one too long or too manifold
 */
export function parseFilePattern(pattern: string): PatternParts[] {
  if (pattern.length > MOST_UNITS) throw invalid(pattern, `a pattern of at most ${MOST_UNITS} units`);
  return expandBraces(pattern).map((alternative) => {
    const parts = alternative.split(/[/\\]/);
    if (parts[0] === "" || /^[A-Za-z]:$/.test(parts[0] ?? "") || parts.includes("..")) {
      throw new MempredError("OUTSIDE_ROOT", `the pattern "${brief(pattern)}" leaves the folder`, {
        pattern: brief(pattern),
        expected: "a pattern relative to the folder, without ..",
      });
    }
    return parts.filter((part) => part !== "." && part !== "");
  });
}

/** Whether a name fits one part of a pattern other than "**". */
export function matchesName(part: string, name: string): boolean {
  if (name.startsWith(".") && !part.startsWith(".")) return false;
  let [p, n] = [0, 0];
  let [star, mark] = [-1, 0];
  while (n < name.length) {
    if (part[p] === "*") {
      star = p++;
      mark = n;
    } else if (p < part.length && (part[p] === "?" || part[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      // The last star takes one more; earlier ones never need to (each takes as little as it can).
      p = star + 1;
      n = ++mark;
    } else return false;
  }
  while (part[p] === "*") p++;
  return p === part.length;
}

/** Where in the pattern one may be after a folder or file of that name, having been at each of `places` before it. */
export function advance(parts: PatternParts, places: ReadonlySet<number>, name: string): Set<number> {
  const next = new Set<number>();
  const add = (place: number): void => {
    next.add(place);
    if (parts[place] === "**") add(place + 1);
  };
  for (const place of places) {
    const part = parts[place];
    if (part === undefined) continue;
    if (part === "**") {
      if (!name.startsWith(".")) add(place);
    } else if (matchesName(part, name)) add(place + 1);
  }
  return next;
}

/** Where in the pattern one is before any name. */
export function startPlaces(parts: PatternParts): Set<number> {
  const places = new Set<number>([0]);
  for (let place = 0; parts[place] === "**"; place++) places.add(place + 1);
  return places;
}

/** Whether a path, its names in order, fits a pattern. */
export function matchesPath(parts: PatternParts, names: readonly string[]): boolean {
  let places = startPlaces(parts);
  for (const name of names) places = advance(parts, places, name);
  return places.has(parts.length);
}

/** "a{b,c}d" → "abd", "acd"; braces may be nested. An unclosed one stands for itself. */
function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const pending = [pattern];
  while (pending.length > 0) {
    const one = pending.pop()!;
    const alternatives = firstBraces(one);
    if (alternatives === undefined) done.push(one);
    else pending.push(...alternatives.reverse());
    if (done.length + pending.length > MOST_ALTERNATIVES) {
      throw invalid(pattern, `a pattern of at most ${MOST_ALTERNATIVES} alternatives`);
    }
  }
  return done;
}

/** The texts that come of the first pair of braces; undefined without one. */
function firstBraces(text: string): string[] | undefined {
  for (let open = text.indexOf("{"); open >= 0; open = text.indexOf("{", open + 1)) {
    let depth = 0;
    const cuts = [open];
    for (let i = open; i < text.length; i++) {
      if (text[i] === "{") depth++;
      else if (text[i] === "," && depth === 1) cuts.push(i);
      else if (text[i] === "}" && --depth === 0) {
        cuts.push(i);
        const tail = text.slice(i + 1);
        return cuts.slice(0, -1).map((cut, n) => text.slice(0, open) + text.slice(cut + 1, cuts[n + 1]) + tail);
      }
    }
  }
  return undefined;
}

function invalid(pattern: string, expected: string): MempredError {
  return new MempredError("INVALID_INPUT", `"${brief(pattern)}" is not ${expected}`, { expected });
}

function brief(pattern: string): string {
  return pattern.length > 80 ? `${pattern.slice(0, 80)}...` : pattern;
}
