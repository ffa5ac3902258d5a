// Recordings made at random from a model of a program, written out in each format and read back: the same operations must
// come out. Then the same texts damaged: whatever comes in, reading ends in a trace that holds together or in a
// MempredError with a file and a line.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { TRACE_FORMAT_IDS } from "../../../scenarios/trace/registry.ts";
import { traceToDemand } from "../../../scenarios/trace/trace-demand.ts";
import { parseTrace } from "../../../scenarios/trace/trace-parser.ts";
import { runs } from "../../runs.ts";
import { checkRawTrace, operations } from "./check-raw-trace.ts";

interface Step {
  readonly op: "a" | "r" | "f";
  readonly id: number;
  readonly size: number;
  readonly micros: number;
}

const choice = fc.record({
  what: fc.integer({ min: 0, max: 9 }),
  which: fc.nat(1000),
  size: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2_147_483_647 })),
  gap: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 })),
});

/** A program that allocates, resizes and frees what it has; ids are dense in order of allocation. */
const program: fc.Arbitrary<readonly Step[]> = fc.array(choice, { minLength: 1, maxLength: 40 }).map((choices) => {
  const live: number[] = [];
  const steps: Step[] = [];
  let ids = 0;
  let micros = 0;
  for (const { what, which, size, gap } of choices) {
    micros += gap;
    const at = which % Math.max(1, live.length);
    if (live.length === 0 || what < 5) {
      live.push(ids);
      steps.push({ op: "a", id: ids++, size, micros });
    } else if (what < 7) steps.push({ op: "r", id: live[at], size, micros });
    else steps.push({ op: "f", id: live.splice(at, 1)[0], size: 0, micros });
  }
  return steps;
});

const address = (id: number) => `0x${(0x7f00_0000_1000 + id * 64).toString(16)}`;
const inShort = (steps: readonly Step[]) =>
  steps.map(({ op, id, size }) => (op === "f" ? `f${id}` : `${op}${id}:${size}`)).join(" ");
const without = (steps: readonly Step[], op: string) => steps.filter((step) => step.op !== op);

/** A format's text of a program, and the operations as they should come back where the format cannot say everything. */
interface Writer {
  readonly write: (steps: readonly Step[]) => string;
  readonly expected: (steps: readonly Step[]) => string;
}

const WRITERS: Readonly<Record<string, Writer>> = {
  trep: {
    write: (steps) =>
      steps
        .map(({ op, id, size, micros }, i) => {
          const gap = micros - (i === 0 ? 0 : steps[i - 1].micros);
          return `${gap} ${op} ${id}${op === "f" ? "" : ` ${size}`}`;
        })
        .join("\n"),
    expected: inShort,
  },
  rep: {
    write: (steps) =>
      [
        20000,
        steps.length,
        steps.length,
        1,
        ...steps.map(({ op, id, size }) => (op === "f" ? `f ${id}` : `${op} ${id} ${size}`)),
      ].join("\n"),
    expected: inShort,
  },
  aosp: {
    write: (steps) =>
      steps
        .map(({ op, id, size, micros }) => {
          const times = `${micros * 1000} ${micros * 1000 + 5}`;
          if (op === "a") return `7: malloc ${address(id)} ${size} ${times}`;
          return op === "r"
            ? `7: realloc ${address(id)} ${address(id)} ${size} ${times}`
            : `7: free ${address(id)} ${times}`;
        })
        .join("\n"),
    expected: inShort,
  },
  mtrace: {
    write: (steps) =>
      `= Start\n${steps
        .map(({ op, id, size }) => {
          const hex = `0x${size.toString(16)}`;
          if (op === "a") return `@ ./m:[0x1] + ${address(id)} ${hex}`;
          return op === "r"
            ? `@ ./m:[0x1] < ${address(id)}\n@ ./m:[0x1] > ${address(id)} ${hex}`
            : `@ ./m:[0x1] - ${address(id)}`;
        })
        .join("\n")}\n= End`,
    expected: inShort,
  },
  csv: {
    write: (steps) =>
      `time_us,op,ptr,size\n${steps.map(({ op, id, size, micros }) => `${micros},${op},${address(id)},${op === "f" ? "" : size}`).join("\n")}`,
    expected: inShort,
  },
  jsonl: {
    write: (steps) =>
      steps
        .map(({ op, id, size, micros }) => JSON.stringify({ t: micros, op, id, ...(op === "f" ? {} : { size }) }))
        .join("\n"),
    expected: inShort,
  },
  "perf-kmem": {
    write: (steps) =>
      without(steps, "r")
        .map(({ op, id, size, micros }) => {
          const head = `demo 12 [001] 9.${String(micros).padStart(6, "0")}:`;
          return op === "a"
            ? `${head} kmem:kmalloc: call_site=f+0x1 ptr=${address(id)} bytes_req=${size} bytes_alloc=${size} gfp_flags=GFP_KERNEL`
            : `${head} kmem:kfree: call_site=f+0x2 ptr=${address(id)}`;
        })
        .join("\n"),
    expected: (steps) => inShort(without(steps, "r")),
  },
  heaptrack: {
    // Raw form: blocks by address.
    write: (steps) =>
      `v 10400 3\nx 4 demo\n${without(steps, "r")
        .map(({ op, id, size }) =>
          op === "a" ? `+ ${size.toString(16)} 1 ${address(id).slice(2)}` : `- ${address(id).slice(2)}`,
        )
        .join("\nc 1\n")}\nc 2`,
    expected: (steps) => inShort(without(steps, "r")),
  },
  minimalloc: {
    // Lives: one step of time an operation, what is never freed ends after the last.
    write: (steps) => {
      const rows = without(steps, "r").flatMap(({ op, id, size }, i, all) => {
        const end = all.findIndex((other) => other.op === "f" && other.id === id);
        return op === "a" ? [`b${id},${i},${end < 0 ? all.length + id : end},${size}`] : [];
      });
      return `id,lower,upper,size\n${rows.reverse().join("\n")}`;
    },
    expected: (steps) => {
      const kept = without(steps, "r");
      const freed = new Set(kept.filter(({ op }) => op === "f").map(({ id }) => id));
      const rest = kept.filter(({ op, id }) => op === "a" && !freed.has(id)).map(({ id }) => `f${id}`);
      return [inShort(kept), ...rest].join(" ");
    },
  },
};

describe("a program written out and read back", () => {
  it("has a writer for every format", () => {
    expect(Object.keys(WRITERS).sort()).toEqual([...TRACE_FORMAT_IDS].sort());
  });

  it.each(Object.entries(WRITERS))("is the same in %s", (format, { write, expected }) => {
    fc.assert(
      fc.property(program, fc.boolean(), fc.boolean(), fc.boolean(), (steps, isWindows, isMarked, isTerminated) => {
        let text = write(steps) + (isTerminated ? "\n" : "");
        if (isWindows) text = text.replaceAll("\n", "\r\n");
        if (isMarked) text = `\ufeff${text}`;
        const trace = parseTrace(text, "made.up");
        expect(trace.format).toBe(format);
        expect(operations(trace)).toBe(expected(steps));
        expect(trace.warnings).toEqual([]);
        checkRawTrace(trace);
        if (format === "csv" || format === "jsonl" || format === "aosp") {
          expect([...trace.timeMicros]).toEqual(steps.map(({ micros }) => micros));
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

type Damage = (text: string) => string;

const damage: fc.Arbitrary<Damage> = fc
  .record({
    kind: fc.integer({ min: 0, max: 7 }),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    junk: fc.string({ maxLength: 4 }),
  })
  .map(({ kind, at, junk }) => (text: string) => {
    const index = Math.min(text.length - 1, Math.floor(at * text.length));
    const lines = text.split("\n");
    const row = Math.min(lines.length - 1, Math.floor(at * lines.length));
    switch (kind) {
      case 0:
        return text.slice(0, index); // cut
      case 1:
        return text.slice(0, index) + junk + text.slice(index + 1); // overwritten
      case 2:
        return text.slice(0, index) + junk + text.slice(index); // inserted
      case 3:
        return [...lines.slice(0, row), ...lines.slice(row + 1)].join("\n"); // a line lost
      case 4:
        return [...lines.slice(0, row + 1), ...lines.slice(row)].join("\n"); // a line twice
      case 5:
        return lines
          .map((line, i) => (i === row ? (lines[row + 1] ?? "") : i === row + 1 ? lines[row] : line))
          .join("\n");
      case 6:
        return text.slice(0, index) + text.slice(index).replace(/\d+/, "99999999999999999999");
      default:
        return text.slice(0, index) + text.slice(index).replace(/\d+/, "-1");
    }
  });

// Often none or one: what is damaged throughout never gets past the first line.
const damages = fc.oneof(
  fc.constant([]),
  fc.array(damage, { minLength: 1, maxLength: 1 }),
  fc.array(damage, { maxLength: 3 }),
);

function damaged(text: string, changes: readonly Damage[]): string {
  let result = `${text}\n`;
  for (const change of changes) if (result !== "") result = change(result);
  return result;
}

describe("a damaged text", () => {
  /** What becomes of it. Anything but a sound trace or a located MempredError fails the test. */
  function outcome(text: string, format: string): "read" | "refused" {
    try {
      const trace = parseTrace(text, "made.up", format);
      checkRawTrace(trace);
      traceToDemand(trace, { pressureRatio: 0.95, seed: 1 });
      return "read";
    } catch (error) {
      if (!(error instanceof MempredError)) throw error;
      expect(error.code).toBe("INVALID_TRACE");
      expect(error.details.file).toBe("made.up");
      expect(Number.isInteger(error.details.line) && error.details.line! >= 1).toBe(true);
      expect(error.details.line!).toBeLessThanOrEqual(Math.max(1, text.split("\n").length));
      return "refused";
    }
  }

  it.each(Object.entries(WRITERS))("in %s is read or refused, with a line", (format, { write }) => {
    fc.assert(
      fc.property(program, damages, (steps, changes) => {
        outcome(damaged(write(steps), changes), format);
      }),
      { numRuns: runs(400) },
    );
    // Most damaged texts still reach the checks behind the parser, and some do not: else the damage would test nothing.
    const samples = fc.sample(fc.tuple(program, damages), { numRuns: 300, seed: 1 });
    const outcomes = samples.map(([steps, changes]) => outcome(damaged(write(steps), changes), format));
    const readShare = outcomes.filter((what) => what === "read").length / outcomes.length;
    expect(readShare).toBeGreaterThan(0.5);
    expect(readShare).toBeLessThan(0.95);
  });

  it("of any kind is read, refused, or of no known format", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ maxLength: 300 })), (text) => {
        for (const format of [...TRACE_FORMAT_IDS, "auto"]) {
          try {
            checkRawTrace(parseTrace(text, "made.up", format));
          } catch (error) {
            if (!(error instanceof MempredError)) throw error;
            expect(["INVALID_TRACE", "UNKNOWN_FORMAT"]).toContain(error.code);
            expect(error.details.line).toBeGreaterThanOrEqual(1);
          }
        }
      }),
      { numRuns: runs(300) },
    );
  });
});
