// JSON from strangers: bytes that are UTF-8 or nothing, text that is JSON or nothing, not too deep, and no lone surrogate in it, which
// no store could give back as it was.

import { Problem } from "./problem.ts";

/** Deepest nesting; bodies of this service need three. */
export const MAX_DEPTH = 16;

const LONE_SURROGATE = /\p{Surrogate}/u;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value in `bytes`. Throws a Problem, "invalid-json". Cost: linear. */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw invalid("The body is not UTF-8.");
  }
  if (depthOf(text) > MAX_DEPTH) throw invalid(`The body is nested more than ${MAX_DEPTH} deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The message of the parser quotes the body: it stays here.
    throw invalid("The body is not JSON.");
  }
  if (hasLoneSurrogate(value)) throw invalid("A text in the body has half of a character (a lone surrogate).");
  return value;
}

/** The deepest nesting of brackets outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === 92) index++;
      else if (unit === 34) isInString = false;
    } else if (unit === 34) isInString = true;
    else if (unit === 91 || unit === 123) deepest = Math.max(deepest, ++depth);
    else if (unit === 93 || unit === 125) depth--;
  }
  return deepest;
}

/** @param value at most MAX_DEPTH deep */
function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return LONE_SURROGATE.test(value);
  if (typeof value !== "object" || value === null) return false;
  for (const [key, inner] of Object.entries(value))
    if (LONE_SURROGATE.test(key) || hasLoneSurrogate(inner)) return true;
  return false;
}

function invalid(detail: string): Problem {
  return new Problem("invalid-json", detail);
}
