// Loaders by the keys that they load.

import type { GetOrSetOptions, Loader } from "./smart-cache-options.ts";

/** A prefix of keys ("": all), a pattern, or anything. */
export type LoaderMatch = string | RegExp | ((key: string, context: string) => boolean);

export interface RegisteredLoader<V> {
  readonly load: Loader<V>;
  readonly options: GetOrSetOptions<V> | undefined;
}

export class LoaderTable<V> {
  readonly #rows: (RegisteredLoader<V> & { readonly matches: (key: string, context: string) => boolean })[] = [];

  /** @returns takes it back */
  add(match: LoaderMatch, load: Loader<V>, options: GetOrSetOptions<V> | undefined): () => void {
    const row = { load, options, matches: matcher(match) };
    this.#rows.push(row);
    return () => {
      const index = this.#rows.indexOf(row);
      if (index >= 0) this.#rows.splice(index, 1);
    };
  }

  /** The latest one that matches. */
  find(key: string, context: string): RegisteredLoader<V> | undefined {
    for (let i = this.#rows.length - 1; i >= 0; i--) if (this.#rows[i]?.matches(key, context)) return this.#rows[i];
    return undefined;
  }
}

function matcher(match: LoaderMatch): (key: string, context: string) => boolean {
  if (typeof match === "function") return match;
  if (typeof match === "string") return (key) => key.startsWith(match);
  // A pattern with the flag g or y remembers where it was: a fresh search each time.
  const pattern = new RegExp(match.source, match.flags.replace(/[gy]/g, ""));
  return (key) => pattern.test(key);
}
