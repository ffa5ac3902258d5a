// From what a person types to a file: a path, or the bare name of a recording that is shipped in the package's `traces`
// folder. It works from the sources and from dist, because the package root is looked for and not assumed.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MempredError } from "../core/errors.ts";
import { traceName } from "../scenarios/trace/trace-parser.ts";

const PACKAGE_NAME = "mempred";
const FOLDER = "traces";

/** The names of the shipped recordings, sorted: "bash", "gcc", ... Empty where the folder is missing. */
export function shippedTraces(): string[] {
  return shippedFiles().map(traceName).sort();
}

/**
 * The path of a recording: `nameOrPath` itself when there is such a file (or such an archive in `archive.zip:entry`), else
 * the shipped recording of that name, with or without its endings.
 * Throws NOT_FOUND, which lists the shipped names.
 */
export function resolveTrace(nameOrPath: string): string {
  if (isFile(nameOrPath)) return nameOrPath;
  const archive = /^(.*\.zip):./i.exec(nameOrPath)?.[1];
  if (archive !== undefined && isFile(archive)) return nameOrPath;
  const isBare = !/[\\/]/.test(nameOrPath);
  if (isBare) {
    const file = shippedFiles().find((name) => name === nameOrPath || traceName(name) === traceName(nameOrPath));
    if (file !== undefined) return join(tracesFolder(), file);
  }
  if (existsSync(nameOrPath)) return nameOrPath; // a folder or a pipe: reading says so
  const names = shippedTraces();
  const hint = isBare ? `; shipped recordings: ${names.join(", ")}` : "";
  throw new MempredError("NOT_FOUND", `${nameOrPath}: there is no such trace${hint}`, {
    file: nameOrPath,
    expected: isBare ? `a file, or one of ${names.join(", ")}` : "a trace file",
  });
}

/** The folder of the package that holds this file. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === PACKAGE_NAME) {
      return folder;
    }
    if (dirname(folder) === folder) return dirname(start);
  }
}

function tracesFolder(): string {
  return join(packageRoot(), FOLDER);
}

function shippedFiles(): string[] {
  const folder = tracesFolder();
  return existsSync(folder) ? readdirSync(folder).filter((name) => /\.trep(?:\.gz)?$/.test(name)) : [];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
