// Arrows go one way, and the pure folders stay pure: nothing from Node or the DOM, no clock, no engine-dependent arithmetic.
// Found in the syntax tree, so a comment may say "Math.pow".

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Each folder and the folders that it may import from. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  allocator: ["core"],
  predictor: ["core"],
  scenarios: ["core"],
  cache: ["core"],
  preload: ["core", "cache"],
  sim: ["core", "allocator", "predictor", "scenarios", "cache", "preload"],
  io: ["core", "scenarios"],
  live: ["core", "cache", "preload", "predictor", "io"],
  service: ["core", "cache", "preload", "live", "io"],
  cli: ["core", "allocator", "predictor", "scenarios", "cache", "preload", "sim", "io", "live", "service"],
  // Of cli the words alone: how figures and verdicts are written (cli/render).
  ui: ["core", "predictor", "scenarios", "sim", "cli"],
};
const PURE = ["core", "allocator", "predictor", "scenarios", "cache", "preload", "sim"];
/** Packages that the pure folders may use: pure themselves, no Node and no DOM. */
const PURE_PACKAGES = ["seedrandom/lib/alea.js", "zod", "yaml"];
const ALLOWED_MATH = new Set([
  "sqrt",
  "abs",
  "min",
  "max",
  "floor",
  "ceil",
  "trunc",
  "round",
  "sign",
  "imul",
  "clz32",
  "fround",
]);
const FORBIDDEN_GLOBALS = new Set([
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "process",
  "Buffer",
  "Intl",
  "window",
  "document",
  "navigator",
  "fetch",
  "console",
  "require",
  "globalThis",
]);
const LOCALE_METHODS = /^toLocale|^localeCompare$/;

interface Finding {
  readonly where: string;
  readonly what: string;
}

function sources(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(root, folder))) {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) found.push(...sources(path));
    else if (/\.tsx?$/.test(name) && !name.endsWith(".d.ts")) found.push(path);
  }
  return found;
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function importsOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push((node.moduleSpecifier as ts.StringLiteral).text);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (argument && ts.isStringLiteral(argument)) found.push(argument.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function wrongArrows(path: string, text: string): Finding[] {
  const folder = path.split("/")[0]!;
  const found: Finding[] = [];
  for (const specifier of importsOf(parse(path, text))) {
    if (specifier.startsWith(".")) {
      const target = relative(root, resolve(root, dirname(path), specifier)).split("/")[0]!;
      if (target !== folder && !ARROWS[folder]!.includes(target))
        found.push({ where: path, what: `imports ${target}` });
    } else if (PURE.includes(folder) && !PURE_PACKAGES.includes(specifier)) {
      found.push({ where: path, what: `imports ${specifier}` });
    }
  }
  return found;
}

function impurities(path: string, text: string): Finding[] {
  const file = parse(path, text);
  const found: Finding[] = [];
  const add = (node: ts.Node, what: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push({ where: `${path}:${line + 1}`, what });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) {
      const name = node.name.text;
      if (ts.isIdentifier(node.expression) && node.expression.text === "Math") {
        const isConstant = name.toUpperCase() === name && !/[a-z]/.test(name);
        if (!isConstant && !ALLOWED_MATH.has(name)) add(node, `Math.${name}`);
      }
      if (LOCALE_METHODS.test(name)) add(node, name);
    }
    if (ts.isIdentifier(node) && FORBIDDEN_GLOBALS.has(node.text)) {
      const parent = node.parent;
      const isName =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        ts.isPropertySignature(parent) ||
        ts.isMethodDeclaration(parent);
      if (!isName) add(node, node.text);
    }
    if (ts.isAwaitExpression(node)) add(node, "await");
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken) {
      const isConstant = ts.isNumericLiteral(node.left) && ts.isNumericLiteral(node.right);
      if (!isConstant) add(node, "**");
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

describe("architecture", () => {
  it.each(Object.keys(ARROWS))("arrows of %s go one way", (folder) => {
    expect(sources(folder).flatMap((path) => wrongArrows(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  it.each(PURE)("%s is pure", (folder) => {
    const paths = sources(folder);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.flatMap((path) => impurities(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  it("the checks can fail", () => {
    const bad = "const a = Math.pow(2, x); const b = Math.exp(1); Date.now(); await f(); y ** 2; s.localeCompare(t);";
    expect(impurities("core/bad.ts", bad).map((one) => one.what)).toEqual([
      "Math.pow",
      "Math.exp",
      "Date",
      "await",
      "**",
      "localeCompare",
    ]);
    expect(impurities("core/good.ts", "Math.sqrt(2) + Math.LN2 + 2 ** 10")).toEqual([]);
    expect(
      wrongArrows("allocator/bad.ts", 'import "../sim/arena.ts"; import "node:fs"; import "../core/x.ts";'),
    ).toEqual([
      { where: "allocator/bad.ts", what: "imports sim" },
      { where: "allocator/bad.ts", what: "imports node:fs" },
    ]);
  });
});
