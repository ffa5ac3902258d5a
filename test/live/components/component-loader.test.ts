import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { ComponentLoader, type ComponentLoaderOptions } from "../../../live/components/component-loader.ts";

describe("component loader", () => {
  let root = "";
  let now = 1_000_000;
  const made: ComponentLoader[] = [];
  const loader = (options: Partial<ComponentLoaderOptions> = {}): ComponentLoader => {
    const fresh = new ComponentLoader({ root, nowMillis: () => now, ...options });
    made.push(fresh);
    return fresh;
  };
  /** Writes a file that looks as if it had been written long ago, so that its stamp is trusted. */
  const write = async (name: string, text: string | Uint8Array, ageSeconds = 3600): Promise<void> => {
    await writeFile(join(root, name), text);
    const then = Date.now() / 1000 - ageSeconds;
    await utimes(join(root, name), then, then);
  };
  const settle = () => new Promise((resolve) => setTimeout(resolve, 80));
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => "none",
      (error: MempredError) => error.code,
    );

  beforeEach(async () => {
    now = 1_000_000;
    root = await mkdtemp(join(tmpdir(), "mempred-components-"));
    await write("plain.md", "no variables");
    await write("greet.md", "Hello {name}, {word}");
    await mkdir(join(root, "sub"));
    await write("sub/deep.md", "deep {x}");
    await settle();
  });
  afterEach(async () => {
    for (const each of made.splice(0)) each.check();
    await rm(root, { recursive: true });
  });

  it("F04 F12 F16: reads once, keeps the template once and variants beside it", async () => {
    const components = loader();
    expect(await components.load("greet.md", { variables: { name: "Ada", word: "{name}" } })).toBe("Hello Ada, {name}");
    expect(await components.load("greet.md", { variables: { word: "{name}", name: "Ada", unused: 1 } })).toBe(
      "Hello Ada, {name}",
    );
    expect(await components.load("greet.md", { variables: { name: "Bob", word: "hi" } })).toBe("Hello Bob, hi");
    expect(await components.load("./sub/../greet.md")).toBe("Hello {name}, {word}");
    const { requests, hits, renders, variantHits, entries } = components.statistics();
    expect({ requests, hits, renders, variantHits, entries }).toEqual({
      requests: 4,
      hits: 3,
      renders: 3,
      variantHits: 1,
      entries: 4,
    });
    expect(components.clear()).toBe(4);
    expect(components.statistics().entries).toBe(0);
  });

  it("contexts and ways with missing values are kept apart", async () => {
    const components = loader();
    const variables = { name: "Ada" };
    expect(await components.load("greet.md", { variables, missing: "empty" })).toBe("Hello Ada, ");
    expect(await components.load("greet.md", { variables })).toBe("Hello Ada, {word}");
    expect(await components.load("greet.md", { variables, context: "other" })).toBe("Hello Ada, {word}");
    expect(components.statistics().renders).toBe(3);
    expect(await codeOf(components.load("greet.md", { variables, missing: "error" }))).toBe("INVALID_INPUT");
    expect(components.statistics().failures).toBe(1);
  });

  it("F17: an edit is noticed, with its variants, after checkMillis or at once", async () => {
    const slow = loader({ checkMillis: 500 });
    const quick = loader({ checkMillis: 0 });
    const ask = (from: ComponentLoader) => from.load("greet.md", { variables: { name: "A", word: "B" } });
    expect(await ask(slow)).toBe("Hello A, B");
    expect(await ask(quick)).toBe("Hello A, B");
    await write("greet.md", "Ciao! {name}, {word}", 1800);
    expect(await ask(quick)).toBe("Ciao! A, B");
    expect(await ask(slow)).toBe("Hello A, B");
    now += 500;
    expect(await ask(slow)).toBe("Ciao! A, B");
    expect(slow.statistics().reloads).toBe(1);
    expect(quick.statistics().misses).toBe(2);
  });

  it("an edit of the same length within the same moment is noticed", async () => {
    const components = loader({ checkMillis: 0 });
    for (let i = 0; i < 20; i++) {
      await writeFile(join(root, "racy.md"), `text ${i % 10}`);
      expect(await components.load("racy.md")).toBe(`text ${i % 10}`);
    }
  });

  it("a file put in the place of another is noticed, one that is gone is an error and comes back", async () => {
    const components = loader({ checkMillis: 0 });
    expect(await components.load("plain.md")).toBe("no variables");
    await write("next.md", "NO VARIABLES");
    await rename(join(root, "next.md"), join(root, "plain.md"));
    expect(await components.load("plain.md")).toBe("NO VARIABLES");
    await rm(join(root, "plain.md"));
    expect(await codeOf(components.load("plain.md"))).toBe("NOT_FOUND");
    expect(components.statistics().entries).toBe(0);
    await write("plain.md", "again");
    expect(await components.load("plain.md")).toBe("again");
  });

  it("F15: nothing outside of the root is read", async () => {
    const components = loader();
    await symlink(tmpdir(), join(root, "out"));
    for (const path of ["../x", "/etc/hostname", "sub/../../x", "out/x"])
      expect(await codeOf(components.load(path)), path).toMatch(/OUTSIDE_ROOT|NOT_FOUND/);
    expect(await codeOf(components.load("../x"))).toBe("OUTSIDE_ROOT");
    expect(await codeOf(components.load("sub"))).toBe("NOT_FOUND");
    expect(await codeOf(components.load(""))).toBe("INVALID_INPUT");
    expect(components.statistics().entries).toBe(0);
  });

  it("what is no UTF-8 is a clear error and is not kept", async () => {
    const components = loader();
    await write("binary.md", Uint8Array.of(0xff, 0xfe, 0x00));
    await expect(components.load("binary.md")).rejects.toThrow(/"binary.md" is not UTF-8/);
    await write("binary.md", "text");
    expect(await components.load("binary.md")).toBe("text");
  });

  it("F01-F09: limits by count and by bytes hold, an oversize text is handed out and evicts nothing", async () => {
    const components = loader({ max: 3, maxSize: 1000 });
    await write("large.md", "x".repeat(600));
    for (const name of ["plain.md", "sub/deep.md"]) await components.load(name);
    const { entries, bytes } = components.statistics();
    expect((await components.load("large.md")).length).toBe(600);
    expect(components.statistics()).toMatchObject({ entries, bytes, refused: 1, evictions: 0 });
    for (let i = 0; i < 9; i++) await components.load("greet.md", { variables: { name: i, word: "" } });
    expect(components.statistics().entries).toBe(3);
    expect(components.statistics().evictions).toBeGreaterThan(0);
  });

  it("one read for any number of requests at once", async () => {
    const components = loader();
    const texts = await Promise.all(Array.from({ length: 100 }, () => components.load("plain.md")));
    expect(new Set(texts)).toEqual(new Set(["no variables"]));
    expect(components.statistics()).toMatchObject({ requests: 100, entries: 1 });
    await components.load("plain.md");
    expect(components.statistics().hits).toBe(1);
  });

  it("cleared while it is read: handed out and not kept", async () => {
    const components = loader();
    const pending = components.load("plain.md");
    components.clear();
    expect(await pending).toBe("no variables");
    expect(components.statistics().entries).toBe(0);
  });

  it("F10 F13: hot components are learned, stay, and are preloaded without counting", async () => {
    const components = loader({ max: 4, hotCount: 1 });
    for (let i = 0; i < 100; i++) await write(`c${i}.md`, `component ${i}`);
    for (let i = 0; i < 128; i++) await components.load("plain.md");
    for (let i = 0; i < 100; i++) await components.load(`c${i}.md`);
    const before = components.statistics();
    await components.load("plain.md");
    expect(components.statistics().hits, "the hot one outlived a scan").toBe(before.hits + 1);

    const fresh = loader();
    fresh.restoreHot(JSON.parse(JSON.stringify(components.hotState())));
    const { loaded, failed } = await fresh.preload();
    expect(loaded).toContain("plain.md");
    expect(failed).toEqual([]);
    expect(fresh.statistics()).toMatchObject({ requests: 0, hits: 0, preloads: loaded.length });
    await fresh.load("plain.md");
    expect(fresh.statistics()).toMatchObject({ requests: 1, hits: 1 });
  });

  it("F13: one failure does not stop the rest", async () => {
    const components = loader();
    const { loaded, failed } = await components.preload(["none.md", "../out", "plain.md", "greet.md", "plain.md"]);
    expect([...loaded].sort()).toEqual(["greet.md", "plain.md"]);
    expect(failed.map(({ path, error }) => [path, error.code]).sort()).toEqual([
      ["../out", "OUTSIDE_ROOT"],
      ["none.md", "NOT_FOUND"],
    ]);
    expect(components.hot()).toEqual([]);
  });

  it("F11 F18 F24 F25: statistics, top ten and times under a skewed load", async () => {
    const components = loader({ max: 100 });
    for (let i = 0; i < 100; i++) await write(`c${i}.md`, `component ${i} {v}`);
    const seed = 3;
    const random = new RandomStream(seed, "components");
    for (let i = 0; i < 3000; i++) {
      const rank = Math.floor(100 * random.next() ** 5);
      await components.load(`c${rank}.md`, { variables: { v: 0 } });
    }
    const { hitRatio, topTen, hitMillis, requests } = components.statistics();
    expect(hitRatio, `seed ${seed}`).toBeGreaterThan(0.75);
    expect(topTen.length).toBe(10);
    expect(topTen[0].path).toBe("c0.md");
    expect(requests).toBe(3000);
    expect(hitMillis.p95).toBeGreaterThan(0);
    expect(hitMillis.max).toBeGreaterThanOrEqual(hitMillis.p95);
  });

  it("F19-F23: the monitor sees the loader's counters, and can be off", async () => {
    const components = loader({ snapshotMillis: 10 });
    for (let i = 0; i < 200; i++) {
      now += 10;
      await components.load("plain.md");
    }
    expect(components.monitor.snapshots.length).toBe(200);
    expect(components.monitor.health()).toMatchObject({ isHealthy: true });
    expect(components.snapshot()).toMatchObject({ hits: 199, misses: 1, entries: 1 });
    components.monitor.isOn = false;
    await components.load("plain.md");
    expect(components.monitor.snapshots.length).toBe(201);
  });

  it("gives memory back under pressure and goes on", async () => {
    const components = loader();
    await components.preload(["plain.md", "greet.md", "sub/deep.md"]);
    expect(components.tenant.shed(1)).toBeGreaterThan(0);
    components.tenant.setBudgetRatio(0);
    expect(components.statistics().entries).toBeLessThanOrEqual(1);
    expect(await components.load("plain.md")).toBe("no variables");
    components.tenant.setBudgetRatio(1);
    await components.load("greet.md");
    expect(components.statistics().entries).toBeGreaterThan(0);
  });

  it.each([
    ["max", { max: 0 }],
    ["maxSize", { maxSize: Number.NaN }],
    ["hotHalfLifeMillis", { hotHalfLifeMillis: -1 }],
  ])("refuses a wrong %s", (name, options) => {
    expect(() => new ComponentLoader({ root, ...options })).toThrow(new RegExp(`^${name} is`));
    expect(() => new ComponentLoader({ root, policy: "none" })).toThrow(/no cache policy/);
  });
});
