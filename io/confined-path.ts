// Paths that stay in a folder. A name from outside may hold "..", be absolute, or go through a link that leads elsewhere; the
// answer is the real path of an existing file under the root, or OUTSIDE_ROOT.

import { realpath } from "node:fs/promises";
import { isAbsolute, resolve, sep } from "node:path";
import { MempredError } from "../core/errors.ts";

/** True when `path` is `root` or lies in it. Both absolute and real. */
export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/**
 * The absolute path of `name` under `root`, without looking at the disk.
 * @param root absolute
 * Errors: OUTSIDE_ROOT (absolute, or leaves the root), INVALID_INPUT (empty, or with a NUL).
 */
export function confinedPath(root: string, name: string): string {
  if (name === "" || name.includes("\0"))
    throw new MempredError("INVALID_INPUT", "a path is not empty and holds no NUL", { expected: "a relative path" });
  const path = resolve(root, name);
  if (isAbsolute(name) || path === root || !isWithin(root, path))
    throw new MempredError("OUTSIDE_ROOT", `${JSON.stringify(name)} leaves its folder`, {
      expected: "a relative path that stays in the folder",
    });
  return path;
}

/**
 * The same with links followed; `root` must exist.
 * Errors: as above, and NOT_FOUND.
 */
export async function realConfinedPath(root: string, name: string): Promise<string> {
  const path = confinedPath(root, name);
  let real: string;
  let realRoot: string;
  try {
    [real, realRoot] = await Promise.all([realpath(path), realpath(root)]);
  } catch (error) {
    throw new MempredError("NOT_FOUND", `there is no ${JSON.stringify(name)}`, { file: name }, error);
  }
  if (!isWithin(realRoot, real))
    throw new MempredError("OUTSIDE_ROOT", `${JSON.stringify(name)} is a link that leaves its folder`, { file: name });
  return real;
}
