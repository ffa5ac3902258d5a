// The files of a folder that fit patterns, without ever leaving it: a link is followed only to where it stays inside, and each
// folder is walked once, so that a link to a folder above ends nothing and loops nowhere.

import { readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { MempredError } from "../core/errors.ts";
import { advance, matchesPath, type PatternParts, parseFilePattern, startPlaces } from "./file-pattern.ts";

export interface FindFilesOptions {
  /** The folder. */
  readonly root: string;
  readonly patterns: readonly string[];
  /** Patterns of what is left out. Default: what lies in folders named node_modules. */
  readonly ignored?: readonly string[] | undefined;
  /** Files at most; the rest is not looked for. Default 10,000. */
  readonly most?: number | undefined;
}

export interface FoundFiles {
  /** Paths relative to the folder, with slashes, sorted. */
  readonly paths: string[];
  /** One OUTSIDE_ROOT for each link that led out. */
  readonly refused: MempredError[];
  /** There were more than `most`. */
  readonly isCut: boolean;
}

/**
 * Looks for files. Folders that cannot be read are passed over.
 * Rejects with NOT_FOUND without the folder, OUTSIDE_ROOT for a pattern that leaves it, INVALID_INPUT for one that makes no sense.
 */
export async function findFiles(options: FindFilesOptions): Promise<FoundFiles> {
  const { root, most = 10_000 } = options;
  const patterns = options.patterns.flatMap(parseFilePattern);
  const ignored = (options.ignored ?? ["**/node_modules/**"]).flatMap(parseFilePattern);
  let realRoot: string;
  try {
    realRoot = await realpath(root);
  } catch (cause) {
    throw new MempredError("NOT_FOUND", `${root}: no such folder`, { file: root, expected: "a folder" }, cause);
  }
  const walk = new Walk(realRoot, ignored, most);
  await walk.folder(
    realRoot,
    [],
    patterns.map((parts) => ({ parts, places: startPlaces(parts) })),
  );
  return { paths: walk.paths.sort(), refused: walk.refused, isCut: walk.isCut };
}

interface Position {
  readonly parts: PatternParts;
  readonly places: Set<number>;
}

class Walk {
  readonly paths: string[] = [];
  readonly refused: MempredError[] = [];
  isCut = false;
  readonly #root: string;
  readonly #ignored: readonly PatternParts[];
  readonly #most: number;
  readonly #walked = new Set<string>();

  constructor(root: string, ignored: readonly PatternParts[], most: number) {
    this.#root = root;
    this.#ignored = ignored;
    this.#most = most;
  }

  async folder(path: string, names: readonly string[], positions: readonly Position[]): Promise<void> {
    if (this.#walked.has(path)) return;
    this.#walked.add(path);
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (this.isCut) return;
      const next = positions
        .map(({ parts, places }) => ({ parts, places: advance(parts, places, entry.name) }))
        .filter(({ places }) => places.size > 0);
      if (next.length === 0) continue;
      const own = [...names, entry.name];
      if (this.#ignored.some((parts) => matchesPath(parts, own))) continue;
      await this.#visit(join(path, entry.name), own, next, entry);
    }
  }

  async #visit(
    path: string,
    names: readonly string[],
    positions: readonly Position[],
    entry: { isSymbolicLink(): boolean; isDirectory(): boolean; isFile(): boolean },
  ): Promise<void> {
    let kind: { isDirectory(): boolean; isFile(): boolean } = entry;
    let real = path;
    if (entry.isSymbolicLink()) {
      try {
        real = await realpath(path);
        if (!isInside(this.#root, real)) {
          this.refused.push(outside(names.join("/")));
          return;
        }
        kind = await stat(real);
      } catch {
        return; // it leads nowhere
      }
    }
    if (kind.isDirectory()) await this.folder(real, names, positions);
    else if (kind.isFile() && positions.some(({ parts, places }) => places.has(parts.length))) {
      if (this.paths.length < this.#most) this.paths.push(names.join("/"));
      else this.isCut = true;
    }
  }
}

/** Whether a real path is the folder or lies in it. */
function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !/^[A-Za-z]:/.test(way);
}

function outside(path: string): MempredError {
  return new MempredError("OUTSIDE_ROOT", `${path}: a link that leaves the folder`, {
    file: path,
    expected: "a file in the folder",
  });
}
