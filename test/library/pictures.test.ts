// The pictures of docs/reading.md and the figures beside them are what the script makes of the recordings, and what the page
// says of them in words holds.

import { existsSync, readFileSync } from "node:fs";
import { deflateSync, inflateSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { blockLength } from "../../core/units.ts";
import { replaceBlock } from "../../scripts/figure-block.ts";
import { packPng } from "../../scripts/png.ts";
import { findStories, type Stories } from "../../scripts/stories.ts";
import { storyBlocks, storyFigures } from "../../scripts/story-text.ts";
import { root } from "./run-example.ts";

const page = readFileSync(`${root}/docs/reading.md`, "utf8");
let stories: Stories;

beforeAll(async () => {
  stories = await findStories();
});

describe("docs/reading.md", () => {
  it("its figures are what the script writes", () => {
    const blocks = storyBlocks(stories);
    expect([...blocks.keys()]).toEqual(["avoided", "denied"]);
    let text = page;
    for (const [name, block] of blocks) text = replaceBlock(text, name, block);
    expect(page).toBe(text);
    expect(() => replaceBlock(page, "other", "")).toThrow("no block other");
  });

  it("its pictures are what the script writes, each shown and small", () => {
    const figures = storyFigures(stories);
    expect(figures.size).toBe(6);
    for (const [name, svg] of figures) {
      expect(readFileSync(`${root}/docs/figures/${name}`, "utf8") === svg, name).toBe(true);
      expect(Buffer.byteLength(svg), name).toBeLessThan(100_000);
      expect(page).toContain(`(figures/${name})`);
    }
  });

  it("each picture that it shows is there", () => {
    const shown = [...page.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map((match) => match[1] as string);
    expect(shown).toHaveLength(7);
    for (const path of shown) expect(existsSync(`${root}/docs/${path}`), path).toBe(true);
  });

  it("names every panel of the page", () => {
    const section = page.slice(page.indexOf("## The page"), page.indexOf("## The terminal"));
    const letters = [...section.matchAll(/^- \*\*([A-H])(?:, ([A-H]))?:/gm)].flatMap((match) => match.slice(1));
    expect(letters.filter((letter) => letter !== undefined).join("")).toBe("ABCDEFGH");
    expect(page.split("\n").length).toBeLessThanOrEqual(150);
  });

  it("what it says of the one that was avoided", () => {
    const { denial, other, reactive, predictive, witnesses, forecast } = stories.avoided;
    const length = blockLength(denial.sizeBytes);
    expect(other).toBeNull();
    expect(reactive.arena.freeBytes).toBeGreaterThan(predictive.arena.freeBytes);
    expect(reactive.arena.largestHoleBytes).toBeLessThan(length);
    expect(predictive.arena.largestHoleBytes).toBeGreaterThanOrEqual(length);
    expect(predictive.runs.ahead).toBeGreaterThan(0);
    expect(reactive.runs.ahead).toBe(0);
    expect(denial.requestClass).toBe(0);
    expect(witnesses.find(({ policy }) => policy === "blind")?.isDenied).toBe(false);
    expect(forecast.isAlarm).toBe(true);
    expect(forecast.alarmShare).toBeGreaterThan(0.9); // "an alarm as it nearly always is"
  });

  it("what it says of the one that was not", () => {
    const { denial, other, reactive, predictive, witnesses } = stories.denied;
    const length = blockLength(denial.sizeBytes);
    expect(other?.id).toBe(denial.id);
    for (const { arena } of [reactive, predictive]) {
      expect(arena.freeBytes).toBeGreaterThan(length);
      expect(arena.largestHoleBytes).toBeLessThan(length);
      expect(arena.pinnedBlocks).toBeGreaterThan(0);
    }
    expect(denial.requestClass).toBe(2); // patience
    expect(witnesses.every((one) => one.isDenied)).toBe(true);
  });
});

describe("pictures of the page", () => {
  it.each(["light", "dark"])("%s: 1440 × 900 and at most 300 KB", (name) => {
    const png = readFileSync(`${root}/docs/figures/page-${name}.png`);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1440, 900]);
    expect(png.length).toBeLessThanOrEqual(300_000);
  });

  it("packing keeps each pixel, whatever the filter of its row", () => {
    const [width, height] = [7, 5];
    const stride = 3 * width + 1;
    const plain = Buffer.from(
      Array.from({ length: stride * height }, (_, i) => (i % stride === 0 ? 0 : ((i * i * 37) >> 2) & 255)),
    );
    const filtered = Buffer.from(plain);
    for (let row = 0; row < height; row++) {
      filtered[row * stride] = row; // filters 0 to 4
      for (let i = 1; i < stride; i++) {
        const at = row * stride + i;
        const [a, b] = [i > 3 ? plain[at - 3]! : 0, row > 0 ? plain[at - stride]! : 0];
        const c = i > 3 && row > 0 ? plain[at - stride - 3]! : 0;
        const near = [a, b, c].reduce((x, y) => (Math.abs(a + b - c - y) < Math.abs(a + b - c - x) ? y : x));
        filtered[at] = plain[at]! - [0, a, b, (a + b) >> 1, near][row]!;
      }
    }
    const part = (type: string, data: Buffer) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(data.length);
      return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
    };
    const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, 2, 0, 0, 0]);
    const png = Buffer.concat([
      Buffer.alloc(8),
      part("IHDR", header),
      part("IDAT", deflateSync(filtered)),
      part("IEND", Buffer.alloc(0)),
    ]);
    const packed = packPng(png);
    const start = 8 + 12 + 13;
    const length = packed.readUInt32BE(start);
    expect(inflateSync(packed.subarray(start + 8, start + 8 + length)).equals(plain)).toBe(true);
    png[8 + 8 + 9] = 6; // with transparency
    expect(() => packPng(png)).toThrow("not a PNG of 8 bit RGB");
  });
});
