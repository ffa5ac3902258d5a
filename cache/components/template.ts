// Templates with `{name}` variables, cut up once and filled in many times. One pass: what a value contains is never looked at
// again, so a value that reads "{password}" stays that text. A brace that holds no name is text, so that JSON and CSS in a
// template survive.

import { MempredError } from "../../core/errors.ts";

/** What happens to a `{name}` that no value is given for: it stays as it is, becomes nothing, or is an error. */
export type MissingVariable = "keep" | "empty" | "error";

const NAME = /\{([A-Za-z_][\w.-]*)\}/g;

export class Template {
  /** Names in the order of their first appearance. */
  readonly names: readonly string[];
  /** texts[0] names[slots[0]] texts[1] … texts[n] */
  readonly #texts: readonly string[];
  readonly #slots: readonly number[];

  /** Cost: one pass over the text. */
  constructor(text: string) {
    const texts: string[] = [];
    const slots: number[] = [];
    const names: string[] = [];
    const places = new Map<string, number>();
    let last = 0;
    for (const match of text.matchAll(NAME)) {
      const name = match[1];
      let place = places.get(name);
      if (place === undefined) {
        place = names.push(name) - 1;
        places.set(name, place);
      }
      texts.push(text.slice(last, match.index));
      slots.push(place);
      last = match.index + match[0].length;
    }
    texts.push(text.slice(last));
    this.#texts = texts;
    this.#slots = slots;
    this.names = names;
  }

  /**
   * The text with its variables filled in. Only own properties of `variables` count.
   * Errors: INVALID_INPUT when `missing` is "error" and a value is not given; it names all that are missing.
   */
  render(variables: Readonly<Record<string, unknown>>, missing: MissingVariable = "keep"): string {
    const absent: string[] = [];
    const values = this.names.map((name) => {
      const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value !== undefined && value !== null) return String(value);
      absent.push(name);
      return missing === "keep" ? `{${name}}` : "";
    });
    if (missing === "error" && absent.length > 0)
      throw new MempredError("INVALID_INPUT", `no value for ${absent.map((name) => `{${name}}`).join(", ")}`, {
        expected: `values for ${this.names.join(", ")}`,
        missing: absent,
      });
    let text = this.#texts[0];
    for (let i = 0; i < this.#slots.length; i++) text += values[this.#slots[i]] + this.#texts[i + 1];
    return text;
  }

  /** What of `variables` the text depends on, in a form that is equal exactly when the rendered text must be. */
  variantOf(variables: Readonly<Record<string, unknown>>): string {
    return JSON.stringify(
      this.names.map((name) => {
        const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
        return value === undefined || value === null ? null : String(value);
      }),
    );
  }
}
