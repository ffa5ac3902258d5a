// mempred export: what is written agrees with the journal, figure by figure, and each form is read back by a reader of its own.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, test } from "vitest";
import { readRecording } from "../../cli/read-recording.ts";
import { errorFigure } from "../../cli/render/error-figure.ts";
import { heapRows, mapStates } from "../../cli/render/heap-rows.ts";
import { lineChart } from "../../cli/render/line-chart.ts";
import { heapFigure, timelineFigure } from "../../cli/render/run-figures.ts";
import { HORIZON_MICROS } from "../../core/units.ts";
import { EVENT_COMPACT_END, EVENT_DENY } from "../../sim/recording/columns.ts";
import { forecastErrors, movingMean } from "../../sim/recording/forecast-errors.ts";
import { HeapView } from "../../sim/recording/heap-view.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { run, temporaryFolder } from "./fake-host.ts";
import { XmlCheck } from "./xml-check.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const JOURNALS = [path("reactive.jsonl"), path("predictive.jsonl")];
const recordings: Recording[] = [];

beforeAll(async () => {
  for (const policy of ["reactive", "predictive"]) {
    const words = `stress --scenario burst --pressure 95 --seed 3 --duration 40s --policy ${policy} --output ${folder}`;
    const { status } = await run([...words.split(" "), "--journal", path(`${policy}.jsonl`)]);
    expect(status).toBe(0);
    recordings.push(await readRecording(path(`${policy}.jsonl`)));
  }
});

const count = ({ events }: Recording, kind: number) =>
  events.kind.subarray(0, events.count).reduce((sum, one) => sum + (one === kind ? 1 : 0), 0);

describe("perfetto", () => {
  interface TraceEvent {
    readonly ph: string;
    readonly pid: number;
    readonly tid?: number;
    readonly ts: number;
    readonly dur?: number;
    readonly name: string;
    readonly id?: string;
    readonly args?: Record<string, number>;
  }
  let events: TraceEvent[] = [];

  beforeAll(async () => {
    const { status } = await run(["export", ...JOURNALS, "--perfetto", path("trace.json")]);
    expect(status).toBe(0);
    events = JSON.parse(readFileSync(path("trace.json"), "utf8")).traceEvents;
  });

  test("counters, slices and instants are as many as ticks, compactions and denials", () => {
    recordings.forEach((recording, i) => {
      const own = events.filter((event) => event.pid === i + 1);
      const named = (ph: string, name: string) => own.filter((event) => event.ph === ph && event.name === name);
      expect(named("C", "pressure").length).toBe(recording.ticks.count);
      const slices = own.filter((event) => event.ph === "X" && event.tid === 1);
      expect(slices.length).toBe(count(recording, EVENT_COMPACT_END));
      expect(own.filter((event) => event.ph === "i").length).toBe(count(recording, EVENT_DENY));
      expect(named("C", "forecast of this moment").length).toBe(i === 0 ? 0 : recording.ticks.count);
    });
  });

  test("slices of one track never overlap", () => {
    for (const pid of [1, 2])
      for (const tid of [1, 3]) {
        const slices = events.filter((event) => event.ph === "X" && event.pid === pid && event.tid === tid);
        for (let i = 1; i < slices.length; i++)
          expect(slices[i]!.ts).toBeGreaterThanOrEqual(slices[i - 1]!.ts + slices[i - 1]!.dur!);
      }
  });

  test("each flow begins and ends in a slice, five seconds apart", () => {
    const starts = events.filter((event) => event.ph === "s");
    const ends = new Map(events.filter((event) => event.ph === "f").map((event) => [event.id, event]));
    expect(starts.length).toBeGreaterThan(50);
    expect(ends.size).toBe(starts.length);
    const slices = new Set(events.filter((event) => event.ph === "X" && event.tid === 3).map(({ ts }) => ts));
    for (const start of starts) {
      const end = ends.get(start.id)!;
      expect(end.ts - start.ts).toBe(HORIZON_MICROS);
      expect(slices.has(start.ts) && slices.has(end.ts)).toBe(true);
    }
  });

  test("times of each counter ascend", () => {
    const last = new Map<string, number>();
    for (const { ph, pid, name, ts } of events) {
      if (ph !== "C") continue;
      expect(ts).toBeGreaterThan(last.get(`${pid} ${name}`) ?? -1);
      last.set(`${pid} ${name}`, ts);
    }
  });
});

describe("tables", () => {
  test("CSV of ticks is the ticks", async () => {
    await run(["export", ...JOURNALS, "--csv", path("ticks.csv")]);
    const [header, ...lines] = readFileSync(path("ticks.csv"), "utf8").trimEnd().split("\n");
    expect(header).toBe("policy,micros,occupancy_ratio,pressure_ratio,forecast_of_ratio,forecast_ratio,upper_ratio,confidence"); // biome-ignore format: one line
    const rows = lines.map((line) => line.split(","));
    const all = recordings.flatMap(
      ({ ticks, header: { policy } }) =>
      Array.from({ length: ticks.count }, (_, row) => [policy, ticks.micros[row]!, ticks.pressure[row]!, ticks.forecast[row]!] as const), // biome-ignore format: one line
    );
    expect(rows.length).toBe(all.length);
    rows.forEach((row, i) => {
      const [policy, micros, pressure, forecast] = all[i]!;
      expect([row[0], Number(row[1]), Number(row[3])]).toEqual([policy, micros, pressure]);
      expect(row[5]).toBe(Number.isNaN(forecast) ? "" : String(forecast));
    });
  });

  test("Parquet is the CSV of events", async () => {
    await run(["export", ...JOURNALS, "--parquet", path("events.parquet"), "--events", path("events.csv")]);
    const bytes = readFileSync(path("events.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const rows = await parquetReadObjects({ file });
    const [header, ...lines] = readFileSync(path("events.csv"), "utf8").trimEnd().split("\n");
    expect(rows.length).toBe(lines.length);
    expect(lines.length).toBe(recordings.reduce((sum, { events }) => sum + events.count, 0));
    const names = header!.split(",");
    for (let i = 0; i < lines.length; i += 61) {
      const cells = names.map((name) => rows[i]![name]);
      expect(cells.map((cell) => (cell === null ? "" : String(cell))).join(",")).toBe(lines[i]);
    }
    const kinds = rows.filter((row) => row["event"] === "deny" && row["policy"] === "reactive").length;
    expect(kinds).toBe(count(recordings[0]!, EVENT_DENY));
  });
});

describe("pictures", () => {
  test("pressure over time: a cross a denial, a tick a compaction, well-formed, the same each time", async () => {
    await run(["export", ...JOURNALS, "--svg", path("both.svg")]);
    const svg = readFileSync(path("both.svg"), "utf8");
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).toBe(timelineFigure(recordings));
    const [first, second] = recordings as [Recording, Recording];
    const denied = count(first, EVENT_DENY) + count(second, EVENT_DENY);
    expect(svg.match(/class="oom cross"/g)?.length ?? 0).toBe(denied);
    expect(svg).toContain(`${count(second, EVENT_DENY)} requests denied`);
    expect(svg).toContain('class="band"');
  });

  test("errors of the forecasts: of each the tick it was for, and no picture where nothing forecasts", async () => {
    const errors = forecastErrors(recordings[1]!);
    const { ticks } = recordings[1]!;
    const due = Array.from({ length: ticks.count - 10 }, (_, row) => 100 * Math.abs(ticks.forecast[row]! - ticks.watched[row + 10]!)); // biome-ignore format: one line
    expect(errors.count).toBe(due.length);
    expect(errors.own[60]).toBeCloseTo(due[50]!, 12);
    expect(errors.meanOwn).toBeCloseTo(due.reduce((sum, one) => sum + one, 0) / due.length, 9);
    expect(errors.persistence[60]).toBeCloseTo(100 * Math.abs(ticks.watched[50]! - ticks.watched[60]!), 12);
    const mean = movingMean(errors.own);
    expect(mean[9]).toBeNaN();
    expect(mean[10]).toBe(errors.own[10]);
    expect(mean[40]).toBeCloseTo(errors.own.slice(21, 41).reduce((sum, one) => sum + one, 0) / 20, 12);
    expect(forecastErrors(recordings[0]!)).toMatchObject({ count: 0, meanOwn: NaN });
    expect((await run(["export", ...JOURNALS, "--errors", path("errors.svg")])).status).toBe(0);
    const svg = readFileSync(path("errors.svg"), "utf8");
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).toBe(errorFigure(recordings));
    const none = await run(["export", JOURNALS[0]!, "--errors", path("none.svg")]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("nothing to draw")]);
  });

  test("the heap: as many squares in use as the view says", async () => {
    await run(["export", JOURNALS[1]!, "--map", path("heap.svg"), "--at", "20s"]);
    const svg = readFileSync(path("heap.svg"), "utf8");
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).toBe(heapFigure(recordings[1]!, 20_000_000));
    const view = new HeapView(recordings[1]!);
    view.seek(20_000_000);
    const free = [...svg.matchAll(/<rect class="cell-free"[^>]*width="(\d+)" height="6"/g)];
    const freeCells = free.reduce((sum, [, width]) => sum + Number(width) / 7, 0);
    expect(freeCells * 16).toBe(102_400 - view.usedBytes);
  });

  test("a line in characters shows a peak of one sample, in braille and in ASCII", () => {
    const values = new Float64Array(400).fill(0.5);
    values[200] = 1;
    const options = {
      mark: "*",
      width: 40,
      height: 5,
      low: 0,
      high: 1,
      formatValue: (value: number) => `${100 * value} %`,
    };
    const ascii = lineChart(values, { ...options, isUnicode: false });
    expect(ascii[0]).toBe(`100 % |${" ".repeat(20)}*`);
    expect(ascii[2]!.endsWith(`|${"*".repeat(40)}`)).toBe(true);
    const braille = lineChart(values, { ...options, isUnicode: true });
    expect(braille.length).toBe(5);
    expect(braille[0]!.replace(/[^\u2801-\u28ff]/g, "").length).toBe(1);
    expect(lineChart([NaN, NaN], { ...options, isUnicode: false })[2]).toBe("      |");
  });

  test("a map in characters keeps what is rare, and each kind has a mark of its own", () => {
    const cells = new Uint8Array(1000).fill(1);
    cells[500] = 4;
    cells.fill(0, 700, 1000);
    expect(mapStates(cells, 10)).toEqual(Uint8Array.of(1, 1, 1, 1, 1, 4, 1, 0, 0, 0));
    expect(heapRows(cells, 5, 2, undefined, false)).toEqual(["#####", "*#..."]);
  });
});

describe("wrong input", () => {
  const exits = async (words: readonly string[], message: RegExp) => {
    const { status, stdout, stderr } = await run(["export", ...words]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  };

  test("is told, and nothing is written over", async () => {
    writeFileSync(path("notes.txt"), "mine\n");
    writeFileSync(path("cut.jsonl"), readFileSync(JOURNALS[0]!, "utf8").slice(0, 5000));
    await exits([JOURNALS[0]!], /nothing to write/);
    await exits([path("none.jsonl"), "--csv", path("a.csv")], /none\.jsonl/);
    await exits([path("notes.txt"), "--csv", path("a.csv")], /notes\.txt, line 1: this is no journal/);
    await exits([path("cut.jsonl"), "--csv", path("a.csv")], /cut\.jsonl, line \d+: is not JSON/);
    await exits([JOURNALS[0]!, "--csv", path("notes.txt")], /not written by mempred/);
    await exits([JOURNALS[0]!, "--csv", JOURNALS[0]!], /is an input as well/);
    await exits([JOURNALS[0]!, "--svg", path("a.svg"), "--from", "9s", "--to", "3s"], /--from is not before --to/);
    expect(readFileSync(path("notes.txt"), "utf8")).toBe("mine\n");
    expect(() => readFileSync(path("a.csv"))).toThrow();
    const report = await run(["report", JOURNALS[0]!]);
    expect([report.status, report.stdout]).toEqual([2, ""]);
    expect(report.stderr).toMatch(/this is a journal: export and top read those/);
  });

  test("an older output of the same kind is replaced", async () => {
    for (const option of ["--csv", "--events", "--perfetto", "--svg", "--errors", "--map", "--parquet"]) {
      const file = path(`again${option}`);
      for (let i = 0; i < 2; i++) expect((await run(["export", JOURNALS[1]!, option, file])).status, option).toBe(0);
    }
  });
});
