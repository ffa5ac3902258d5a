import { describe, expect, test } from "vitest";
import { colourLevel, isUnicodeLocale, paletteOf, toAscii } from "../../cli/colour.ts";
import {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatMetric,
  formatMicros,
  formatMoment,
  formatPercent,
  formatSeeds,
  formatSigned,
  formatWallSeconds,
} from "../../cli/render/format.ts";
import { renderMarkdownTable, renderTable, visibleWidth } from "../../cli/render/table.ts";
import { wrapText } from "../../cli/render/wrap.ts";
import { suggest, suggestion } from "../../core/suggest.ts";

describe("colour", () => {
  test.each([
    ["--no-color wins over all", { FORCE_COLOR: "3" }, true, true, 0],
    ["FORCE_COLOR wins over NO_COLOR and over no terminal", { FORCE_COLOR: "2", NO_COLOR: "1" }, false, false, 2],
    ["FORCE_COLOR empty or true is 1", { FORCE_COLOR: "" }, false, false, 1],
    ["FORCE_COLOR true", { FORCE_COLOR: "true" }, false, false, 1],
    ["FORCE_COLOR false", { FORCE_COLOR: "false" }, true, false, 0],
    ["FORCE_COLOR 0", { FORCE_COLOR: "0" }, true, false, 0],
    ["FORCE_COLOR odd is 1", { FORCE_COLOR: "lots" }, false, false, 1],
    ["NO_COLOR on a terminal", { NO_COLOR: "1" }, true, false, 0],
    ["NO_COLOR empty means nothing", { NO_COLOR: "" }, true, false, 1],
    ["a dumb terminal", { TERM: "dumb" }, true, false, 0],
    ["no terminal", { TERM: "xterm-256color" }, false, false, 0],
    ["256 colours", { TERM: "xterm-256color" }, true, false, 2],
    ["true colour", { COLORTERM: "truecolor" }, true, false, 3],
    ["a plain terminal", { TERM: "xterm" }, true, false, 1],
  ] as const)("%s", (_, environment, isTerminal, isOff, level) => {
    expect(colourLevel(environment, isTerminal, isOff)).toBe(level);
  });

  test("at level 0 nothing is added, at 3 the named colours are", () => {
    expect(paletteOf(0).baseline("x")).toBe("x");
    expect(paletteOf(3).baseline("x")).toContain("38;2;230;159;0");
    expect(paletteOf(3).predictive("x")).toContain("38;2;0;114;178");
    expect(paletteOf(3).oom("x")).toContain("38;2;213;94;0");
  });

  test("characters: UTF-8 where the locale says so, LC_ALL before LC_CTYPE before LANG", () => {
    expect(isUnicodeLocale({ LANG: "de_DE.UTF-8" })).toBe(true);
    expect(isUnicodeLocale({ LANG: "C.utf8" })).toBe(true);
    expect(isUnicodeLocale({ LC_ALL: "C", LANG: "en_US.UTF-8" })).toBe(false);
    expect(isUnicodeLocale({ LC_ALL: "", LC_CTYPE: "C.UTF-8", LANG: "C" })).toBe(true);
    expect(isUnicodeLocale({})).toBe(false);
    expect(toAscii("a · −1 → 2 × 3 µs ≥ … ✓ ░█ é")).toBe("a | -1 -> 2 x 3 us >= ... + .# ?");
  });
});

describe("numbers", () => {
  test("about three digits, grouped, with a true minus", () => {
    expect([0, 7, 12_345, 123.4, 12.34, 1.234, -0.001, -1.5, 1e9].map(formatCount)).toEqual([
      "0",
      "7",
      "12,345",
      "123",
      "12.3",
      "1.23",
      "0.00",
      "−1.50",
      "1,000,000,000",
    ]);
    expect([Number.NaN, Infinity, -Infinity].map(formatCount)).toEqual(["n/a", "∞", "−∞"]);
    expect([1.2, -0.3, 0, 0.001, -0.001].map(formatSigned)).toEqual(["+1.20", "−0.30", "0", "0.00", "0.00"]);
  });

  test("shares, bytes, times", () => {
    expect([0.95, 0.004, 0.625, 1, 0.0512].map((r) => formatPercent(r))).toEqual([
      "95 %",
      "0.4 %",
      "63 %",
      "100 %",
      "5.1 %",
    ]);
    expect([formatChange(-0.62), formatChange(0.05), formatChange(null), formatChange(0)]).toEqual([
      "−62 %",
      "+5 %",
      "",
      "0 %",
    ]);
    expect([0, 812, 90_317, 1_468_006, 5e9, -2048, 3e13].map(formatBytes)).toEqual([
      "0 B",
      "812 B",
      "88.2 KiB",
      "1.4 MiB",
      "4.7 GiB",
      "−2.0 KiB",
      "27.3 TiB",
    ]);
    expect([0, 210, 1234, 125_000, 1_010_000, -1500].map(formatMicros)).toEqual([
      "0 µs",
      "210 µs",
      "1.2 ms",
      "125 ms",
      "1.01 s",
      "−1.5 ms",
    ]);
    expect([5_500_000, 59_970_000, 245_500_000].map(formatMoment)).toEqual(["5.5 s", "1 min 00.0 s", "4 min 05.5 s"]);
    expect([8, 130, Infinity, -1].map(formatWallSeconds)).toEqual(["8 s", "2 min 10 s", "?", "0 s"]);
    expect([600, 3600, 90, 2.5].map(formatDuration)).toEqual(["10 min", "1 h", "90 s", "2.50 s"]);
    expect([formatSeeds([7]), formatSeeds([1, 2, 3]), formatSeeds([1, 5])]).toEqual([
      "seed 7",
      "seeds 1..3",
      "seeds 1,5",
    ]);
  });

  test("METRIC values: a point, no grouping, no exponent", () => {
    expect([3, 3.12, 1234567.891, 1e-7, 0.95, 1 / 3, 123456789, -0.5].map(formatMetric)).toEqual([
      "3",
      "3.12",
      "1234567.9",
      "0.0000001",
      "0.95",
      "0.333333",
      "123456789",
      "-0.5",
    ]);
  });
});

describe("tables", () => {
  test("columns line up, colour codes take no room, nothing trails", () => {
    const red = "\x1b[31mred\x1b[39m";
    expect(visibleWidth(red)).toBe(3);
    expect(renderTable([["name", "n"], [red, "10"], ["x"]], { indent: 1, gap: 2 })).toEqual([
      " name   n",
      ` ${red}   10`,
      " x",
    ]);
    expect(renderTable([])).toEqual([]);
  });

  test("Markdown: escaped and padded", () => {
    expect(renderMarkdownTable(["a", "b"], [["x|y"]])).toEqual(["| a | b |", "| :--- | ---: |", "| x\\|y |  |"]);
  });

  test("wrapping breaks at spaces only", () => {
    expect(wrapText("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapText("extraordinarily long", 5)).toEqual(["extraordinarily", "long"]);
    expect(wrapText("", 5)).toEqual([]);
  });
});

describe("did you mean", () => {
  test("near misses, swaps counted once, nothing far", () => {
    const known = ["steady", "stampede", "burst", "tide"];
    expect(suggest("stedy", known)).toBe("steady");
    expect(suggest("brust", known)).toBe("burst");
    expect(suggest("STEADY", known)).toBe("steady");
    expect(suggest("elephant", known)).toBeUndefined();
    expect(suggest("xx", known)).toBeUndefined();
    expect(suggestion("tied", known)).toBe(', did you mean "tide"?');
    expect(suggestion("elephant", known)).toBe("");
  });
});
