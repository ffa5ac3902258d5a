// Formats are told apart by content, and what is no trace is refused with the list of what would be.

import { describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { TRACE_FORMAT_IDS, TRACE_FORMATS, traceFormat } from "../../../scenarios/trace/registry.ts";
import { SNIFF_CHARACTERS, sniffFormat } from "../../../scenarios/trace/sniff.ts";
import { MAX_LINE_CHARACTERS, parseTrace, TraceParser, traceName } from "../../../scenarios/trace/trace-parser.ts";
import { operations } from "./check-raw-trace.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    return (error as MempredError).code;
  }
  return "none";
}

const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  trep: ["# trep v1; x\n0 a 0 5\n", "0 a 0 5\n", "\n12 f 3\n"],
  heaptrack: ["v 10400 3\nX ./m\n", "v 10200\n", "X ./m\n+ 5 1 7f\n"],
  aosp: ["202: malloc 0xb4827400 1024\n", "9: thread_done 0x0\n"],
  mtrace: ["= Start\n@ ./m:[0x1] + 0x10 0x5\n", "@ ./m:(f+1)[0x1] - 0x10\n", "+ 0x10 0x5\n", "- 0x564a\n"],
  jsonl: ['{"op":"alloc","id":1,"size":5}\n', '\n {"time":1,"event":"free","ptr":"0x1"}\n'],
  minimalloc: ["id,lower,upper,size\nb,0,1,5\n", "buffer_id;begin;end;size\n", "# c\nbuffer,start,end,size\n"],
  csv: ["time,op,id,size\n", "op\tptr\tbytes\n", '"event","address","size"\n'],
  "perf-kmem": [
    "ls 1 [0] 1.0: kmem:kfree: ptr=0x1\n",
    "# ===\n#\nls 1 [0] 1.0: sched:x: y\n  ls 1 [0] .N. 1.5: kmem_cache_free: ptr=0x1\n",
  ],
  rep: ["20000\n3\n8\n1\na 0 512\n", "a 0 512\n", "# c\nf -1\n", "1 2\nr 4 8\n"],
};

describe("sniffing", () => {
  it("knows a sample of every format in the registry", () => {
    expect(Object.keys(SAMPLES).sort()).toEqual([...TRACE_FORMAT_IDS].sort());
    for (const [id, samples] of Object.entries(SAMPLES)) {
      for (const sample of samples) {
        expect(sniffFormat(sample, "x").id, sample).toBe(id);
        expect(sniffFormat(sample.replaceAll("\n", "\r\n"), "x").id, sample).toBe(id);
      }
    }
  });

  it.each([
    ["prose", "It was the best of times, it was the worst of times.\n"],
    ["numbers", "1 2 3\n4 5 6\n"],
    ["JSON that is no trace", '{"schema":"mempred.result/1"}\n'],
    ["broken JSON", "{\n"],
    ["another CSV", "name,colour\nx,red\n"],
    ["zero bytes", "0 a 0 5\n\0\0"],
    ["bytes that are not UTF-8", "\ufffd\ufffda 0 5\n"],
  ])("refuses %s and lists the known formats", (_, text) => {
    try {
      sniffFormat(text, "file.bin");
      expect.unreachable();
    } catch (error) {
      expect((error as MempredError).code).toBe("UNKNOWN_FORMAT");
      expect((error as MempredError).message).toMatch(/^file\.bin: .*known formats: trep, heaptrack, .*rep$/);
      expect((error as MempredError).details).toMatchObject({ file: "file.bin", line: 1 });
    }
  });

  it("a format that is named wins over the content, and one that is not known is refused", () => {
    expect(codeOf(() => parseTrace("0 a 0 5\n", "x", "rep"))).toBe("INVALID_TRACE");
    expect(codeOf(() => parseTrace("0 a 0 5\n", "x", "auto"))).toBe("none");
    expect(codeOf(() => parseTrace("0 a 0 5\n", "x", "elf"))).toBe("UNKNOWN_FORMAT");
    expect(traceFormat("trep")).toBe(TRACE_FORMATS[0]);
  });
});

describe("the parser", () => {
  const text = `# trep v1; x\r\n${Array.from({ length: 20_000 }, (_, i) => `1 a ${i} 8\r\n`).join("")}`;

  it("does not care where chunks end", () => {
    const whole = operations(parseTrace(text, "x"));
    expect(text.length).toBeGreaterThan(SNIFF_CHARACTERS * 3);
    for (const size of [1, 7, 4096, SNIFF_CHARACTERS, 100_000]) {
      const parser = new TraceParser("x");
      for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
      expect(operations(parser.end())).toBe(whole);
      expect(parser.length).toBe(20_000);
    }
  });

  it("refuses an empty file", () => {
    for (const empty of ["", "\n\n", "\ufeff", "  \r\n"]) {
      expect(() => parseTrace(empty, "x.rep")).toThrow(/^x\.rep:1: expected a trace, got an empty file$/);
    }
  });

  it("refuses lines without an end: memory stays bounded", () => {
    const parser = new TraceParser("x", "rep");
    parser.push("a 0 8\n");
    expect(() => parser.push("9".repeat(MAX_LINE_CHARACTERS + 1))).toThrow(/^x:2: expected a line of at most/);
  });

  it("names traces after their files", () => {
    expect(traceName("traces/bash.trep.gz")).toBe("bash");
    expect(traceName("C:\\a\\b.v2.REP")).toBe("b.v2");
    expect(traceName("systemui.zip:dir/systemui.txt")).toBe("systemui");
    expect(traceName("plain")).toBe("plain");
    expect(traceName(".csv")).toBe(".csv");
  });
});
