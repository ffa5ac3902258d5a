// Each reader on small texts: what it reads, what it lets pass with a warning, what it refuses, and where it says so.

import { describe, expect, it } from "vitest";
import { CLASS_ATOMIC, CLASS_DEADLINE, CLASS_WAIT } from "../../../core/demand.ts";
import { MempredError } from "../../../core/errors.ts";
import {
  CLASS_UNSET,
  MOVABILITY_MOVABLE,
  MOVABILITY_PINNED,
  MOVABILITY_UNSET,
  type RawTrace,
} from "../../../scenarios/trace/raw-trace.ts";
import { parseTrace } from "../../../scenarios/trace/trace-parser.ts";
import { checkRawTrace, operations, warnings } from "./check-raw-trace.ts";

function read(text: string, format?: string): RawTrace {
  const trace = parseTrace(text, "some.trace", format);
  checkRawTrace(trace);
  return trace;
}

/** The error that reading gives: its message, after a look at its details. */
function refusal(text: string, format?: string, file = "some.trace"): string {
  try {
    parseTrace(text, file, format);
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    const { code, details, message } = error as MempredError;
    expect(code).toBe("INVALID_TRACE");
    expect(details.file).toBe(file);
    expect(details.line).toBeGreaterThan(0);
    expect(message).toBe(`${file}:${details.line}: ${message.slice(`${file}:${details.line}: `.length)}`);
    expect(message).toContain(details.expected);
    return message;
  }
  throw new Error(`was read: ${text}`);
}

describe("trep", () => {
  const head = "# trep v1; a small program\n# fields: dt_us op id [size]; ids=2 ops=5 a=2 peak_live_bytes=40\n";

  it("adds up the gaps and keeps what the comments declare", () => {
    const trace = read(`${head}0 a 0 16\n5 a 1 8\n0 r 0 32\n100 f 1\n1 f 0\n`);
    expect(trace.format).toBe("trep");
    expect(trace.description).toBe("a small program");
    expect(trace.declared).toEqual({ ids: 2, ops: 5, a: 2, peak_live_bytes: 40 });
    expect(operations(trace)).toBe("a0:16 a1:8 r0:32 f1 f0");
    expect([...trace.timeMicros]).toEqual([0, 5, 5, 105, 106]);
    expect(trace.timing).toBe("recorded");
    expect([trace.peakLiveBytes, trace.endLiveBytes, trace.lines]).toEqual([40, 0, 7]);
    expect(trace.warnings).toEqual([]);
  });

  it("gives back the fractions of a microsecond that the gaps lost, evenly, when the comment tells the span", () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `0 a ${i} 8`).join("\n");
    const trace = read(`# trep v1; dense\n# span_ms=4\n${lines}\n`);
    expect(trace.timeMicros[0]).toBe(0);
    expect(trace.timeMicros[4999]).toBe(4000);
    expect(trace.timeMicros[2500]).toBeCloseTo((4000 * 2500) / 4999, 6);
    // A span that cutting cannot explain is not believed.
    expect(read(`# trep v1; x\n# span_ms=4000\n${lines}\n`).timeMicros[4999]).toBe(0);
  });

  it("reads files without a comment, with blank lines and CRLF", () => {
    expect(operations(read("0 a 7 16\r\n\r\n3 f 7\r\n"))).toBe("a0:16 f0");
  });

  it.each([
    ["0 a 0 16\n1 a 1", 'some.trace:2: expected "<dt_us> a|r <id> <size>" or "<dt_us> f <id>", got "1 a 1"'],
    ["0 a 0 16\n1 f", 'some.trace:2: expected "<dt_us> a|r <id> <size>" or "<dt_us> f <id>", got "1 f"'],
    ["0 a 0 16\n1 f 0 9", 'some.trace:2: expected "<dt_us> f <id>", got "1 f 0 9"'],
    ["0 a 0 16 4\n", 'expected "<dt_us> a|r <id> <size>" or "<dt_us> f <id>", got "0 a 0 16 4"'],
    ["0 a 0 16\n-1 f 0\n", "some.trace:2: expected "],
    ["0 a 0 16\n0 x 0 3\n", 'got "0 x 0 3"'],
    ["0 a 0 16\n0 a 0 16\n", "some.trace:2: expected an id that was not used before"],
    ["0 a 0 16\n0 f 0\n0 a 0 16\n", "some.trace:3: expected an id that was not used before"],
    ["0 a 0 16\n0 f 1\n", "some.trace:2: expected the id of a live block"],
    ["0 a 0 16\n0 f 0\n0 f 0\n", "some.trace:3: expected the id of a live block"],
    ["0 a 0 16\n0 f 0\n0 r 0 8\n", "some.trace:3: expected the id of a live block"],
    ["0 a 0 16\n0 r 5 8\n", "some.trace:2: expected the id of a live block"],
    ["0 a 0 -16\n", "some.trace:1: expected a size that is not negative"],
    ["0 a 0 2147483648\n", "some.trace:1: expected a size of at most 2147483647 bytes"],
    ["0 a 99999999999999999999 1\n", "some.trace:1: expected "],
    ["9007199254740991 a 0 1\n9 f 0\n", "some.trace:2: expected a time in range"],
    ["# trep v1; nothing\n", "some.trace:1: expected at least one operation, got none"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "trep")).toContain(message);
  });

  it("reads a zero size as 1 and counts it", () => {
    const trace = read("0 a 0 0\n0 r 0 0\n", "trep");
    expect(operations(trace)).toBe("a0:1 r0:1");
    expect(trace.warnings).toEqual([{ code: "zero-size", count: 2, firstLine: 1 }]);
  });

  it("tells a file that was cut from a copy of its first lines", () => {
    expect(refusal(`${head}0 a 0 16\n5 a 1 8`)).toBe(
      "some.trace:4: expected 5 operations, as declared at the top, got 2: the file is cut short",
    );
    expect(warnings(read(`${head}0 a 0 16\n5 a 1 8\n`))).toEqual({ "operation-count": 1 });
  });
});

describe("rep", () => {
  it("reads the header of suggested heap size, ids, operations, weight", () => {
    const trace = read("20000\n3\n8\n1\na 0 512\na 1 128\nr 0 640\na 2 128\nf 1\nr 0 768\nf 0\nf 2\n");
    expect(trace.format).toBe("rep");
    expect(trace.timing).toBe("order");
    expect(trace.declared).toEqual({ suggested_heap_bytes: 20000, ids: 3, ops: 8 });
    expect(operations(trace)).toBe("a0:512 a1:128 r0:640 a2:128 f1 r0:768 f0 f2");
    expect(trace.warnings).toEqual([]);
  });

  it("reads the header of weight, ids, operations, peak live bytes", () => {
    const trace = read("1\n2\n3\n640\na 0 512\na 1 128\nf 0\n");
    expect(trace.declared).toEqual({ ids: 2, ops: 3, peak_live_bytes: 640 });
    expect(trace.peakLiveBytes).toBe(640);
  });

  it("reads two header numbers, none, and all on one line", () => {
    expect(read("2\n3\na 0 512\na 1 128\nf 0\n").declared).toEqual({ ids: 2, ops: 3 });
    expect(read("a 0 512\nf 0\n").declared).toEqual({});
    expect(read("20000 1 2 1\na 0 512\nf 0\n").declared["ops"]).toBe(2);
  });

  it("reads comments instead of a header", () => {
    const trace = read(
      "# of a program\n# ids=1 ops=2 a=1 r=0 f=1 peak_live_bytes=552 end_live_bytes=0\na 0 552\nf 0\n",
    );
    expect(trace.declared).toMatchObject({ ids: 1, ops: 2, peak_live_bytes: 552 });
    expect(operations(trace)).toBe("a0:552 f0");
  });

  it("takes f -1 as free(NULL), r on an unknown id as an allocation, and lets ids come back", () => {
    const trace = read("a 0 8\nf -1\nr 5 64\nr 5 80\nf 0\na 0 24\nf 5\nf 9\n");
    expect(operations(trace)).toBe("a0:8 a1:64 r1:80 f0 a2:24 f1");
    expect(trace.warnings).toEqual([
      { code: "free-of-null", count: 1, firstLine: 2 },
      { code: "resize-of-unknown", count: 1, firstLine: 3 },
      { code: "free-of-unknown", count: 1, firstLine: 8 },
    ]);
  });

  it("takes an id that is allocated while live as a missed free", () => {
    const trace = read("a 0 8\na 0 24\nf 0\n");
    expect(operations(trace)).toBe("a0:8 f0 a1:24 f1");
    expect(warnings(trace)).toEqual({ "missed-free": 1 });
  });

  it("reads one operation more than the header says, and CRLF", () => {
    const trace = read("9000\r\n1\r\n2\r\n1\r\na 0 8\r\nf 0\r\na 1 9\r\n");
    expect(operations(trace)).toBe("a0:8 f0 a1:9");
    expect(warnings(trace)).toEqual({ "operation-count": 1 });
  });

  it.each([
    ["a 5", 'some.trace:1: expected "a <id> <size>", got "a 5"'],
    ["a 0 8\na 1 8\nr 0\n", 'some.trace:3: expected "r <id> <size>", got "r 0"'],
    ["a 0 8\nf", 'some.trace:2: expected "f <id>", got "f"'],
    ["a 0 8\nf -2\n", 'some.trace:2: expected "f <id>", got "f -2"'],
    ["a 0 8\nf 0 1\n", 'some.trace:2: expected "f <id>", got "f 0 1"'],
    ["a 0 8\nq 1\n", 'some.trace:2: expected "a <id> <size>", "r <id> <size>" or "f <id>", got "q 1"'],
    ["a 0 9007199254740993\n", "some.trace:1: expected a size of at most 2147483647 bytes"],
    ["a 0 18446744073709551615\n", "some.trace:1: expected a size of at most 2147483647 bytes"],
    ["a 0 -8\n", "some.trace:1: expected a size that is not negative"],
    ["a -1 8\n", 'some.trace:1: expected "a <id> <size>"'],
    ["a 0 8.5\n", 'some.trace:1: expected "a <id> <size>"'],
    ["a 0 8\n20000\n", "some.trace:2: expected "],
    ["1\n2\n3\na 0 8\n", "some.trace:4: expected four header numbers, two or none (there are 3)"],
    ["1\n2\n3\n4\n5\na 0 8\n", "some.trace:5: expected a header of at most four numbers, then operations"],
    ["1 x\na 0 8\n", "some.trace:1: expected a header of at most four numbers, then operations"],
    ["20000\n1\n5\n1\na 0 8\nf 0", "some.trace:6: expected 5 operations, as declared at the top, got 2"],
    ["20000\n1\n5\n1\n", "some.trace:4: expected at least one operation, got none"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "rep")).toContain(message);
  });

  it("shows control characters as question marks and cuts long lines in messages", () => {
    expect(refusal(`a 0 8\n\u001b[2J${"x".repeat(200)}\n`, "rep")).toMatch(/got "\?\[2Jx+\.\.\."$/);
  });
});

describe("aosp", () => {
  it("reads every action", () => {
    const trace = read(
      [
        "202: malloc 0xb4827400 1024",
        "202: calloc 0xb4872020 17 8",
        "485: memalign 0xae42d080 64 104",
        "202: realloc 0xb4840a60 0xb4827400 80",
        "202: realloc 0xb4900000 0x0 40",
        "202: free 0x0",
        "202: free 0xb4872020",
        "202: realloc 0x0 0xae42d080 0",
        "486: thread_done 0x0",
        "486: free 0x77",
        "486: realloc 0x0 0x0 0",
        "486: realloc 0x0 0xb4900000 5000",
        "486: malloc 0x0 5000",
        "486: realloc 0xb4900000 0xb4900000 48",
      ].join("\n"),
    );
    expect(trace.format).toBe("aosp");
    expect(trace.timing).toBe("order");
    expect(operations(trace)).toBe("a0:1024 a1:136 a2:104 r0:80 a3:40 f1 f2 r3:48");
    expect(trace.alignLog2[2]).toBe(6);
    expect(warnings(trace)).toEqual({ "free-of-null": 2, "free-of-unknown": 1, "failed-allocation": 2 });
  });

  it("takes an address handed out while live as a missed free, in reallocations too", () => {
    const trace = read(
      "1: malloc 0x10 8\n1: malloc 0x10 9\n1: malloc 0x20 7\n1: realloc 0x10 0x20 6\n1: realloc 0x30 0x99 5\n",
    );
    expect(operations(trace)).toBe("a0:8 f0 a1:9 a2:7 f1 r2:6 a3:5");
    expect(warnings(trace)).toEqual({ "missed-free": 2, "resize-of-unknown": 1 });
  });

  it("reads the nanosecond times of newer recordings, threads a little out of order", () => {
    const trace = read(
      "1: malloc 0x10 8 1000 1020\n2: malloc 0x20 8 3000 3020\n1: free 0x10 2500 2600\n1: thread_done 0x0 5000\n",
    );
    expect(trace.timing).toBe("recorded");
    expect([...trace.timeMicros]).toEqual([1, 3, 3]);
    expect(warnings(trace)).toEqual({ "time-went-back": 1 });
  });

  it("tells addresses apart above 2^52", () => {
    const trace = read("1: malloc 0xb400007a12345670 8\n1: malloc 0xb400007a12345680 9\n1: free 0xb400007a12345670\n");
    expect(operations(trace)).toBe("a0:8 a1:9 f0");
  });

  it.each([
    ["1: malloc 0xabd0000", 'some.trace:1: expected "<tid>: malloc <ptr> <size>", got "1: malloc 0xabd0000"'],
    ["1: malloc 0xabd0000 10 100", 'some.trace:1: expected "<tid>: malloc <ptr> <size>"'],
    ["1: calloc 0x8000 50", 'expected "<tid>: calloc <ptr> <count> <size>"'],
    ["1: calloc 0x8000 2147483647 2147483647", "expected a size of at most 2147483647 bytes"],
    ["1: calloc 0x8000 9007199254740993 0", "expected a size of at most 2147483647 bytes"],
    ["1: memalign 0xa000 16", 'expected "<tid>: memalign <ptr> <alignment> <size>"'],
    ["1: memalign 0xa000 33554432 16", 'expected "<tid>: memalign <ptr> <alignment> <size>"'],
    ["1: realloc 0x9000 80", 'expected "<tid>: realloc <new ptr> <old ptr> <size>"'],
    ["1: realloc 0x9000 0x10 -1", 'expected "<tid>: realloc <new ptr> <old ptr> <size>"'],
    ["1: free", 'expected "<tid>: free <ptr>"'],
    ["1: free zz", 'expected "<tid>: free <ptr>"'],
    ["1: mallocate 0x10 5", "expected "],
    ["malloc 0x10 5", "expected "],
    ["x: malloc 0x10 5", "expected "],
    ["1: malloc 0x10 5 10 20\n1: free 0x10", "some.trace:2: expected start and end time, as above"],
    ["1: malloc 0x10 5\n1: free 0x10 10 20", "some.trace:2: expected no times, as above"],
    ["1: malloc 0x10 -5", "expected a size that is not negative"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "aosp")).toContain(message);
  });
});

describe("mtrace", () => {
  it("reads what glibc 2.36 writes", () => {
    const trace = read(
      [
        "= Start",
        "@ ./m:[0x11d0] + 0x564a1d6032a0 0x5",
        "@ ./m:[0x11e3] + 0x564a1d6034a0 0x15",
        "@ ./m:[0x11f8] < 0x564a1d6032a0",
        "@ ./m:[0x11f8] > 0x564a1d6034c0 0x32",
        "@ ./m:[0x121b] + 0x564a1d6032a0 0",
        "@ ./m:[0x122b] - 0x564a1d6034a0",
        "@ /lib/x86_64-linux-gnu/libc.so.6:(__strdup+1a)[0x9e9aa] + 0x564a1d6034a0 0x3",
        "@ ./m:[0x12a7] < 0x564a1d6034c0",
        "@ ./m:[0x12a7] > 0x564a1d6034c0 0xc8",
        "@ ./m:[0x12c9] + (nil) 0x1000000000000000",
        "= End",
      ].join("\n"),
    );
    expect(trace.format).toBe("mtrace");
    expect(operations(trace)).toBe("a0:5 a1:21 r0:50 a2:1 f1 a3:3 r0:200");
    expect(warnings(trace)).toEqual({ "zero-size": 1, "failed-allocation": 1 });
  });

  it("reads lines without a caller, callers with blanks, failed reallocations, frees of nothing", () => {
    const trace = read("+ 0x10 0x20\n@ /a b/c + d:[0x1] + 0x30 0x8\n! 0x10 0xffffff\n- 0x30\n- 0x50\n- (nil)\n");
    expect(operations(trace)).toBe("a0:32 a1:8 f1");
    expect(warnings(trace)).toEqual({ "failed-allocation": 1, "free-of-unknown": 1, "free-of-null": 1 });
  });

  it("takes a reallocation of an unknown block as an allocation", () => {
    expect(operations(read("= Start\n< 0x10\n> 0x20 0x40\n- 0x20\n"))).toBe("a0:64 f0");
  });

  it.each([
    ["= Start\n@ m:[0x1] + 0x10", "some.trace:2: expected "],
    ["= Start\n@ m:[0x1] + 0x10 zz", "some.trace:2: expected "],
    ["= Start\n@ m:[0x1] + zz 0x10", "some.trace:2: expected "],
    ["= Start\n@ m:[0x1] - zz", "some.trace:2: expected "],
    ["= Start\n@ m:[0x1]", "some.trace:2: expected "],
    ["= Start\nhello", "some.trace:2: expected "],
    ["= Start\n+ 0x10 0x80000000", "some.trace:2: expected a size of at most 2147483647 bytes"],
    ["= Start\n+ 0x10 0x8\n> 0x20 0x8\n", 'some.trace:3: expected "< <ptr>" before ">"'],
    ["= Start\n+ 0x10 0x8\n< 0x10\n- 0x10\n", 'some.trace:4: expected "> <ptr> <size>" after "<"'],
    ["= Start\n+ 0x10 0x8\n< 0x10\n+ 0x20 0x8\n", 'some.trace:4: expected "> <ptr> <size>" after "<"'],
    ["= Start\n+ 0x10 0x8\n< 0x10\n", 'some.trace:3: expected "> <ptr> <size>" after "<", got the end of the file'],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "mtrace")).toContain(message);
  });
});

describe("perf-kmem", () => {
  const chain = "\tffffffff8782660d kmem_cache_alloc+0xfd ([kernel.kallsyms])\n\n";
  const recorded = [
    "# ========",
    "# captured on: a day",
    "  ls  4711 [000]   953.541058:          kmem:kmalloc: call_site=f+0x155 ptr=0xffff888108ba9000 bytes_req=4000 bytes_alloc=4096 gfp_flags=GFP_KERNEL node=-1 accounted=false",
    "  ls  4711 [000]   953.541060:            kmem:kfree: call_site=f+0x258 ptr=(nil)",
    "  ls  4711 [000]   953.541061: kmem:kmem_cache_alloc: call_site=g+0x3ef ptr=0xffff888106008f00 name=maple_node bytes_req=256 bytes_alloc=256 gfp_flags=GFP_NOWAIT node=-1 accounted=false",
    "  ls  4711 [000]   953.541062:    kmem:mm_page_alloc: page=0x11178e pfn=0x11178e order=1 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE|__GFP_COMP",
    "  ls  4711 [000]   953.541063:    kmem:mm_page_alloc: page=0x108973 pfn=0x108973 order=0 migratetype=0 gfp_flags=GFP_KERNEL_ACCOUNT|__GFP_NORETRY",
    "  ls  4711 [000]   953.541063:        kmem:rss_stat: mm_id=1 curr=1 type=MM_FILEPAGES size=4096B",
    "  ls  4711 [000]   953.541064:            kmem:kfree: call_site=f+0x258 ptr=0xffff888108ba9000",
    "  my task 4711 [000]   953.541065:  kmem:kmem_cache_free: call_site=h+0xc8 ptr=0xffff888106008f00 name=maple_node",
    "  ls  4711 [000]   953.541066:     kmem:mm_page_free: page=0x11178e pfn=0x11178e order=1",
    "  ls  4711 [000]   953.541067:     kmem:mm_page_free: page=0x99 pfn=0x99 order=0",
  ].join("\n");

  it("reads what perf 6.1 prints: sizes, times, classes and movability", () => {
    const trace = read(recorded);
    expect(trace.format).toBe("perf-kmem");
    expect(operations(trace)).toBe("a0:4000 a1:256 a2:8192 a3:4096 f0 f1 f2");
    expect(trace.timing).toBe("recorded");
    expect(trace.timeMicros[0]).toBe(953_541_058);
    expect(trace.timeMicros[6]).toBe(953_541_066);
    expect([...trace.requestClass.slice(0, 4)]).toEqual([CLASS_WAIT, CLASS_ATOMIC, CLASS_WAIT, CLASS_DEADLINE]);
    expect([...trace.movability.slice(0, 4)]).toEqual([
      MOVABILITY_UNSET,
      MOVABILITY_UNSET,
      MOVABILITY_MOVABLE,
      MOVABILITY_PINNED,
    ]);
    expect(trace.tenants).toEqual(["slab", "pages"]);
    expect([...trace.tenant]).toEqual([0, 0, 1, 1, 0, 0, 1]);
    expect(warnings(trace)).toEqual({ "free-of-null": 1, "free-of-unknown": 1, "slab-and-pages": 1 });
  });

  it("reads older kernels, other orders of fields, call chains, ftrace's own text and node variants", () => {
    const trace = read(
      [
        `jbd2/dm-3-8  7666 [000]  4666.621521: kmem:kmalloc: call_site=c0003ce108 ptr=0xc000000fcd646360 bytes_req=96 bytes_alloc=96 gfp_flags=GFP_NOFS|GFP_ZERO\n${chain}`,
        "fio 264249 [020] 4667.020748: kmem:kmem_cache_alloc: (getname_flags+0x4f) call_site=ffffffff8785c74f ptr=0xffff9234810d5000 bytes_req=4096 bytes_alloc=4096 gfp_flags=GFP_KERNEL",
        "init-1     [000] .N..  4668.170000: kmalloc: call_site=c104e2ac ptr=c147dcc0 gfp_flags=GFP_ATOMIC bytes_alloc=32",
        "init-1     [000] .N..  4668.5: kmalloc_node: call_site=c104e2ac ptr=c147dcd0 bytes_req=24 bytes_alloc=32 gfp_flags=0xdc0 node=1",
        "init-1     [000] .N..  4669.170000123: kfree: call_site=c10bfa4a ptr=c147dcc0",
        "x 1 [000] 4670.000000: kmem:mm_page_alloc: page=0xffffea0000 pfn=1534487 order=0 migratetype=0 gfp_flags=GFP_ATOMIC",
        "x 1 [000] 4670.000001: kmem:mm_page_free_direct: page=0xffffea0000 pfn=1534487 order=0",
        "x 1 [000] 4670.000002: kmem:mm_page_alloc: page=          (null) pfn=0 order=9 migratetype=2 gfp_flags=GFP_TRANSHUGE",
        "x 1 [000] 4670.000003: kmem:mm_page_free: page=0x0 pfn=0 order=0",
        "x 1 [000] 4670.000004: kmem:kmalloc: call_site=f ptr=(null) bytes_req=96 bytes_alloc=96 gfp_flags=GFP_NOWAIT",
      ].join("\n"),
    );
    expect(operations(trace)).toBe("a0:96 a1:4096 a2:32 a3:24 f2 a4:4096 f4");
    expect(trace.timeMicros[3]).toBe(4_668_500_000);
    expect(trace.timeMicros[4]).toBe(4_669_170_000);
    expect(trace.requestClass[3]).toBe(CLASS_WAIT);
    expect(warnings(trace)).toMatchObject({ "failed-allocation": 2, "free-of-null": 1 });
  });

  it("reads a script without times as order", () => {
    const trace = read("ls 1 kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=GFP_KERNEL\nls 1 kmem:kfree: ptr=0x10\n");
    expect(trace.timing).toBe("order");
    expect(operations(trace)).toBe("a0:8 f0");
  });

  it("moves times that went back up, and counts them", () => {
    const trace = read(
      "a 1 [0] 2.000001: kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=GFP_KERNEL\na 1 [1] 2.000000: kmem:kfree: ptr=0x10\n",
    );
    expect([...trace.timeMicros]).toEqual([2_000_001, 2_000_001]);
    expect(warnings(trace)).toEqual({ "time-went-back": 1 });
  });

  const start = "a 1 [0] 2.000000: kmem:kmalloc: call_site=f ptr=0x10 bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL\n";
  it.each([
    ["a 1 [0] 2.0: kmem:kmalloc: call_site=f ptr=0x10", 'some.trace:1: expected "bytes_alloc=<number>"'],
    ["a 1 [0] 2.0: kmem:kmalloc: call_site=f", 'some.trace:1: expected "ptr=<number>"'],
    ["a 1 [0] 2.0: kmem:kmalloc: ptr=(____ptrval____) bytes_req=8 gfp_flags=GFP_KERNEL", '"ptr=<number>"'],
    ["a 1 [0] 2.0: kmem:kmalloc: ptr=0x10 bytes_req=8 bytes_alloc=8", 'expected "gfp_flags="'],
    ["a 1 [0] 2.0: kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=", "expected GFP flags"],
    ["a 1 [0] 2.0: kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=???", "expected GFP flags"],
    ["a 1 [0] 2.0: kmem:kmalloc: ptr=0x10 bytes_req=4294967296 gfp_flags=GFP_KERNEL", "at most 2147483647 bytes"],
    ["a 1 [0] 2.0: kmem:mm_page_alloc: pfn=5 order=99 gfp_flags=GFP_KERNEL", 'expected "order=" of at most 20'],
    ["a 1 [0] 2.0: kmem:mm_page_alloc: pfn=5 order=19 gfp_flags=GFP_KERNEL", "at most 2147483647 bytes"],
    ["a 1 [0] 2.0: kmem:mm_page_alloc: pfn=5 gfp_flags=GFP_KERNEL", 'expected "order=<number>"'],
    ["a 1 [0] 2.0: kmem:mm_page_free: order=0", 'expected "page=<number>"'],
    [`${start}a 1 [0] kmem:kfree: ptr=0x10\n`, "some.trace:2: expected a time before the event, or none at all"],
    [`${start}a 1 [0] 2.0`, "some.trace:2: expected a whole line with a kmem event"],
    ["nothing of the kind\n", "some.trace:1: expected at least one operation, got none"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "perf-kmem")).toContain(message);
  });

  it("a time that is no number counts as none", () => {
    expect(refusal(`${start}a 1 [0] 2x.0: kmem:kfree: ptr=0x10\n`)).toContain("some.trace:2: expected a time");
    expect(read("a: kmem:kmalloc: ptr=0x10 bytes_req=8 gfp_flags=GFP_KERNEL\n").timing).toBe("order");
  });
});

describe("heaptrack", () => {
  const v3 = [
    "v 10400 3",
    "X /usr/bin/demo --flag",
    "I 1000 5e580f",
    "s 10 /usr/bin/a demo",
    "i 7f4c5129fb9f 8 0 b 0",
    "t 1 0",
    "a 11c00 1",
    "+ 0",
    "c a",
    "a 5 2",
    "+ 1",
    "+ 1",
    "R 3bc",
    "- 1",
    "+ 1",
    "c 14",
    "- 1",
    "- 1",
    "",
    "# strings: 1",
  ];

  it("reads interpreted files: sizes by info, the youngest freed, times spread between the stamps", () => {
    const trace = read(`${v3.join("\n")}\n`);
    expect(trace.format).toBe("heaptrack");
    expect(trace.description).toBe("/usr/bin/demo --flag");
    expect(operations(trace)).toBe("a0:72704 a1:5 a2:5 f2 a3:5 f3 f1");
    expect([...trace.timeMicros]).toEqual([0, 10_000, 12_500, 15_000, 17_500, 20_000, 20_000]);
  });

  it("reads raw files and file version 0 by address", () => {
    const body = ["t 55d0 0", "+ 20 1 7f00", "c 1", "+ 10 1 7f40", "- 7f00", "- 7f00", "- 0", "+ 8 1 7f40", "c 2"];
    const raw = read(["v 10400 3", "x f /usr/bin/a demo", "m 1 - 0", ...body, ""].join("\n"));
    expect(operations(raw)).toBe("a0:32 a1:16 f0 f1 a2:8");
    expect(warnings(raw)).toEqual({ "free-of-unknown": 1, "free-of-null": 1, "missed-free": 1 });
    const old = read(["X /usr/bin/demo", ...body, ""].join("\n"));
    expect(operations(old)).toBe(operations(raw));
    expect(operations(read(["v 10000", ...body, ""].join("\n")))).toBe(operations(raw));
  });

  it("takes version 10200 alone as file version 1, and lets an unmatched free pass", () => {
    const trace = read("v 10200\na 20 1\n+ 0\n- 0\n- 0\nc 5\n");
    expect(operations(trace)).toBe("a0:32 f0");
    expect(warnings(trace)).toEqual({ "free-of-unknown": 1 });
  });

  it.each([
    ["v 10400 4\n", "some.trace:1: expected a file version of at most 3"],
    ["v zz\n", 'some.trace:1: expected "v <version> <file version>"'],
    ["v 10400 3\n+ 0\n", "some.trace:2: expected an info that an a line gave above"],
    ["v 10400 3\n- 0\n", "some.trace:2: expected an info that an a line gave above"],
    ["v 10400 3\na 20\n", 'some.trace:2: expected "a <size> <trace>"'],
    ["v 10400 3\na 80000000 1\n", "some.trace:2: expected a size of at most 2147483647 bytes"],
    ["v 10400 3\na 20 1\n+\n", 'some.trace:3: expected "+ <info>"'],
    ["v 10400 3\na 20 1\n+ 0\n-\n", 'some.trace:4: expected "- <info>"'],
    ["v 10400 3\na 20 1\n+ 0\nc\n", 'some.trace:4: expected "c <ms>"'],
    ["v 10400 3\na 20 1\n+ 0\nc 5\nc 4\n", "some.trace:5: expected a time that is not before"],
    ["v 10400 3\na 20 1\n+ 0\nZ 5\n", "some.trace:4: expected a line of heaptrack data"],
    ["v 10400 3\nx f demo\n+ 20 1\n", 'some.trace:3: expected "+ <size> <trace> <ptr>"'],
    ["v 10400 3\nx f demo\n+ 20 1 7f\n- zz\n", 'some.trace:4: expected "- <ptr>"'],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "heaptrack")).toContain(message);
  });
});

describe("minimalloc", () => {
  it("reads lives in any order; at one step what ends is freed before what begins", () => {
    const trace = read("id,lower,upper,size,alignment,gaps,offset\nb2,3,9,8,1,,4\nb1,0,3,4,64,1-2,0\nb3,9,10,2,1,,0\n");
    expect(trace.format).toBe("minimalloc");
    expect(trace.timing).toBe("steps");
    expect(operations(trace)).toBe("a0:4 f0 a1:8 f1 a2:2 f2");
    expect([...trace.timeMicros]).toEqual([0, 3, 3, 9, 9, 10]);
    expect(trace.alignLog2[0]).toBe(6);
    expect(warnings(trace)).toEqual({ "ignored-gaps": 1 });
  });

  it("reads the older header, whose end is the last step of a life", () => {
    const trace = read("buffer,start,end,size\nb1,0,3,4\nb2,4,9,4\n");
    expect([...trace.timeMicros]).toEqual([0, 4, 4, 10]);
    expect(trace.peakLiveBytes).toBe(4);
  });

  it.each([
    ["id,lower,upper\nb,0,1\n", "some.trace:1: expected a header with id, lower, upper and size"],
    ["id,lower,start,upper,size\n", "some.trace:1: expected a header with id, lower, upper and size, each once"],
    ["id,lower,upper,size\nb,0,1\n", "some.trace:2: expected 4 fields, as in the header"],
    ["id,lower,upper,size\nb,0,0,5\n", "some.trace:2: expected a buffer that ends after it begins"],
    ["id,lower,upper,size\nb,0,x,5\n", "some.trace:2: expected whole numbers for lower and upper"],
    ["id,lower,upper,size\nb,0,1 2,5\n", "some.trace:2: expected whole numbers for lower and upper"],
    ["id,lower,upper,size\nb,0,1,z\n", "some.trace:2: expected a whole number for the size"],
    ["id,lower,upper,size\nb,0,1,-5\n", "some.trace:2: expected a size that is not negative"],
    ["id,lower,upper,size,alignment\nb,0,1,5,-1\n", "some.trace:2: expected an alignment"],
    ["id,lower,upper,size\n", "some.trace:1: expected at least one operation, got none"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "minimalloc")).toContain(message);
  });
});

describe("csv", () => {
  it("reads columns by any name and in any order, with classes, alignment, tenants and pins", () => {
    const trace = read(
      [
        "# a comment",
        "Size,Event,Pointer,time_ms,class,alignment,tenant,pinned,colour",
        "64,malloc,0x10,0,atomic,64,web,1,red",
        "32,alloc,0x20,1.5,deadline,,db,0,",
        "128,realloc,0x10,1.5,GFP_KERNEL,,web,,",
        ",free,0x20,2ms",
        ",free,(nil),0.003s",
        "9,malloc,,3000us",
        "8,malloc,name-1,4000000ns,2",
      ].join("\n"),
    );
    expect(trace.format).toBe("csv");
    expect(operations(trace)).toBe("a0:64 a1:32 r0:128 f1 a2:8");
    expect([...trace.timeMicros]).toEqual([0, 1500, 1500, 2000, 4000]);
    expect([...trace.requestClass]).toEqual([CLASS_ATOMIC, CLASS_DEADLINE, CLASS_WAIT, 0, CLASS_WAIT]);
    expect(trace.alignLog2[0]).toBe(6);
    expect(trace.tenants).toEqual(["web", "db"]);
    expect([...trace.movability.slice(0, 2)]).toEqual([MOVABILITY_PINNED, MOVABILITY_MOVABLE]);
    expect(trace.requestClass[1]).not.toBe(CLASS_UNSET);
    expect(warnings(trace)).toEqual({ "free-of-null": 1, "failed-allocation": 1 });
  });

  it("reads semicolons, tabs, quotes, a byte order mark, and traces without times", () => {
    const trace = read('\ufeffop;id;size\r\na;"x ""y"" ; z";16\r\nf;"x ""y"" ; z";\r\n');
    expect(trace.timing).toBe("order");
    expect(operations(trace)).toBe("a0:16 f0");
    expect(trace.requestClass[0]).toBe(CLASS_UNSET);
    expect(operations(read("op\tid\tbytes\n+\t1\t16\n-\t1\t\n"))).toBe("a0:16 f0");
  });

  it("follows reallocations that change the address", () => {
    const trace = read("op,ptr,old_ptr,bytes\nmalloc,0x10,,8\nrealloc,0x20,0x10,16\nfree,0x20,,\nfree,0x10,,\n");
    expect(operations(trace)).toBe("a0:8 r0:16 f0");
    expect(warnings(trace)).toEqual({ "free-of-unknown": 1 });
  });

  it("keeps ids beyond 2^53 apart", () => {
    const trace = read("op,id,size\na,18446744073709551614,8\na,18446744073709551615,9\nf,18446744073709551614,\n");
    expect(operations(trace)).toBe("a0:8 a1:9 f0");
  });

  it("takes the surer of two columns of one meaning", () => {
    expect(operations(read("type,op,address,id,size\nx,a,0x10,1,8\nx,f,0x99,1,\n"))).toBe("a0:8 f0");
  });

  it.each([
    ["t_s", "2", 2_000_000],
    ["time(us)", "7", 7],
    ["timestamp [ns]", "5000", 5],
    ["TimeMs", "3", 3000],
    ["ts", "12", 12],
    ["time_us", "1e3", 1000],
  ])("reads the unit of %s", (name, value, micros) => {
    expect(read(`${name},op,id,size\n${value},a,1,8\n`).timeMicros[0]).toBe(micros);
  });

  it("counts tenants beyond the 255th under other", () => {
    const rows = Array.from({ length: 300 }, (_, i) => `a,${i},8,t${i}`).join("\n");
    const trace = read(`op,id,size,tenant\n${rows}\n`);
    expect(trace.tenants.length).toBe(256);
    expect(trace.tenants[255]).toBe("other");
    expect(trace.tenant[299]).toBe(255);
    expect(warnings(trace)).toEqual({ "too-many-tenants": 45 });
  });

  it.each([
    ["op,size\na,5\n", "some.trace:1: expected a header with at least op, id and size"],
    ["op,id,size\na,1\n", "some.trace:2: expected a size in bytes, a whole number"],
    ["op,id,size\na,1,5x\n", "some.trace:2: expected a size in bytes, a whole number"],
    ["op,id,size\na,1,-5\n", "some.trace:2: expected a size that is not negative"],
    ["op,id,size\na,1,2147483648\n", "some.trace:2: expected a size of at most 2147483647 bytes"],
    ["op,id,size\nfrobnicate,1,5\n", "some.trace:2: expected an operation: alloc, realloc or free"],
    ["op,id,size\nconstructor,1,5\n", "some.trace:2: expected an operation: alloc, realloc or free"],
    ["op,id,size\na,1,5,6\n", "some.trace:2: expected at most 3 fields"],
    ['op,id,size\na,"1,5\n', "some.trace:2: expected a closing quote"],
    ["time,op,id,size\n5,a,1,8\n4,f,1,\n", "some.trace:3: expected a time that is not before 5 µs, the one above"],
    ["time,op,id,size\n,a,1,8\n", "some.trace:2: expected a time"],
    ["time,op,id,size\nsoon,a,1,8\n", "some.trace:2: expected a time"],
    ["time,op,id,size\n5 weeks,a,1,8\n", "some.trace:2: expected a time"],
    ["time,op,id,size\nInfinity,a,1,8\n", "some.trace:2: expected a time in range"],
    ["op,id,size,class\na,1,8,urgent\n", "some.trace:2: expected a class: atomic, deadline or wait"],
    ["op,id,size,align\na,1,8,wide\n", "some.trace:2: expected an alignment in bytes"],
    ["op,id,size,pinned\na,1,8,perhaps\n", "some.trace:2: expected pinned as 0, 1, true or false"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "csv")).toContain(message);
  });
});

describe("jsonl", () => {
  it("reads objects whatever the order of their keys", () => {
    const trace = read(
      [
        '{"t_ms":0,"op":"alloc","id":1,"size":64,"class":"wait","movable":false}',
        '{"size":"32","event":"malloc","ptr":"0x7f00","t_ms":1,"note":{"deep":[1]}}',
        "",
        '{"t_ms":2,"op":"realloc","id":"0x7f10","old":"0x7f00","size":48}',
        '{"t_ms":3,"op":"free","id":1}',
        '{"t_ms":3,"op":"free","id":null}',
      ].join("\r\n"),
    );
    expect(trace.format).toBe("jsonl");
    expect(operations(trace)).toBe("a0:64 a1:32 r1:48 f0");
    expect([...trace.timeMicros]).toEqual([0, 1000, 2000, 3000]);
    expect(trace.movability[0]).toBe(MOVABILITY_PINNED);
    expect(warnings(trace)).toEqual({ "free-of-null": 1 });
  });

  it.each([
    ['{"op":"alloc","id":1,"size":64}\n{"op":"al', "some.trace:2: expected a JSON object"],
    ["[1,2]\n", "some.trace:1: expected a JSON object"],
    ["null\n", "some.trace:1: expected a JSON object"],
    ['{"id":1,"size":64}\n', "some.trace:1: expected a JSON object with op, id and size"],
    ['{"op":"alloc","id":1}\n', "some.trace:1: expected a size in bytes"],
    ['{"op":"alloc","id":[1],"size":64}\n', "some.trace:1: expected plain values, no lists or objects"],
    ['{"op":"alloc","id":9007199254740993,"size":64}\n', "some.trace:1: expected an id under 2^53, or in quotes"],
    ['{"op":"alloc","id":1.5,"size":64}\n', "some.trace:1: expected an id under 2^53, or in quotes"],
    ['{"op":"alloc","id":1,"size":1.5}\n', "some.trace:1: expected a size in bytes"],
    ['{"t":1,"op":"alloc","id":1,"size":64}\n{"op":"free","id":1}\n', "some.trace:2: expected a time on every line"],
  ])("refuses %j", (text, message) => {
    expect(refusal(text, "jsonl")).toContain(message);
  });
});
