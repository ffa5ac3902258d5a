// mempred top: what a key does, that every frame fits its window and says what the run says, and that the terminal is given back
// however it ends.

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { paletteOf } from "../../cli/colour.ts";
import { EXIT_SIGINT } from "../../cli/exit.ts";
import type { TerminalHost } from "../../cli/host.ts";
import { readRecording } from "../../cli/read-recording.ts";
import { LiveViewer } from "../../cli/top/live.ts";
import { Player } from "../../cli/top/player.ts";
import { runScreen } from "../../cli/top/run-screen.ts";
import { FRAME_MILLIS, show } from "../../cli/top/show.ts";
import { keysOf } from "../../cli/top/terminal.ts";
import { RandomStream } from "../../core/random.ts";
import { machineLimit } from "../../live/pressure/memory-limit.ts";
import { EVENT_DENY } from "../../sim/recording/columns.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { fakeHost, run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const JOURNAL = join(folder, "predictive.jsonl");
const plain = paletteOf(0);
let recording: Recording;

beforeAll(async () => {
  const words = `stress --scenario burst --pressure 95 --seed 3 --duration 30s --policy predictive --output ${folder}`;
  expect((await run([...words.split(" "), "--journal", JOURNAL])).status).toBe(0);
  recording = await readRecording(JOURNAL);
});

/** A terminal whose keys, size and time are in the test's hand. */
class FakeTerminal implements TerminalHost {
  text = "";
  columns = 100;
  rows = 40;
  isRaw = false;
  #keys: ((text: string) => void) | null = null;
  #resize: (() => void) | null = null;
  #every: (() => void) | null = null;
  readonly size = () => ({ columns: this.columns, rows: this.rows });
  readonly write = (text: string) => void (this.text += text);
  onKeys(handler: (text: string) => void) {
    [this.#keys, this.isRaw] = [handler, true];
    return () => void ([this.#keys, this.isRaw] = [null, false]);
  }
  onResize(handler: () => void) {
    this.#resize = handler;
    return () => void (this.#resize = null);
  }
  every(_millis: number, handler: () => void) {
    this.#every = handler;
    return () => void (this.#every = null);
  }
  type(text: string) {
    this.#keys?.(text);
  }
  resize(columns: number, rows: number) {
    [this.columns, this.rows] = [columns, rows];
    this.#resize?.();
  }
  pass() {
    this.#every?.();
  }
  get isLetGo() {
    return this.#keys === null && this.#resize === null && this.#every === null && !this.isRaw;
  }
}

describe("keys", () => {
  test("move, play, find the next OOM", () => {
    const player = new Player([recording]);
    expect([player.micros, player.isPlaying, player.speed]).toEqual([0, true, 4]);
    player.advance(1000);
    expect(player.micros).toBe(4_000_000);
    player.press(" ");
    player.advance(1000);
    expect(player.micros).toBe(4_000_000);
    for (const key of ["right", "right", "left"]) player.press(key);
    expect(player.micros).toBe(4_500_000);
    player.press("]");
    expect(player.micros).toBe(14_500_000);
    player.press("[");
    expect(player.micros).toBe(4_500_000);
    player.press("g");
    const denials = [...recording.events.kind.subarray(0, recording.events.count).keys()]
      .filter((row) => recording.events.kind[row] === EVENT_DENY)
      .map((row) => recording.events.micros[row]!);
    expect(denials.length).toBeGreaterThan(1);
    const moments = [...new Set(denials)];
    player.press("n");
    expect(player.micros).toBe(moments[0]);
    player.press("n");
    expect(player.micros).toBe(moments[1]);
    player.press("N");
    expect(player.micros).toBe(moments[0]);
    player.press("N");
    expect(player.micros).toBe(moments[0]); // there is none before
    player.press("G");
    expect(player.micros).toBe(recording.endMicros);
    player.press(" "); // at the end: from the beginning
    expect([player.micros, player.isPlaying]).toEqual([0, true]);
    for (let i = 0; i < 40; i++) player.press("+");
    expect(player.speed).toBe(128);
    player.press("1");
    expect(player.speed).toBe(1);
    player.press("x");
    expect(player.isDone).toBe(false);
    player.press("q");
    expect(player.isDone).toBe(true);
  });

  test("what terminals send", () => {
    expect(keysOf("\u001b[C\u001b[Dq")).toEqual(["right", "left", "q"]);
    expect(keysOf("\u001bOC \u0003")).toEqual(["right", " ", "ctrl-c"]);
    expect(keysOf("\u001b[1;5Cx\u001b[5~")).toEqual(["x"]); // unknown sequences are nothing
    expect(keysOf("\u001b")).toEqual(["escape"]);
  });
});

describe("frames", () => {
  test("fit every window and agree with the run", () => {
    const player = new Player([recording, recording]);
    const random = new RandomStream(5, "windows");
    for (let i = 0; i < 60; i++) {
      const size = { columns: 20 + Math.floor(random.next() * 180), rows: 3 + Math.floor(random.next() * 80) };
      player.goTo(random.next() * player.endMicros);
      for (const isUnicode of [true, false]) {
        const lines = runScreen(player, size, plain, isUnicode);
        const where = `${size.columns} × ${size.rows}, seed 5`;
        expect(lines.length, where).toBeLessThanOrEqual(size.rows);
        for (const line of lines) expect([...line].length, `${where}: ${line}`).toBeLessThanOrEqual(size.columns);
      }
    }
    player.goTo(player.endMicros);
    const text = runScreen(player, { columns: 100, rows: 40 }, plain, true).join("\n");
    expect(text).toContain(`${player.views[0]!.counts.ooms} OOM`);
    expect(text).toContain(`${player.views[0]!.counts.runs} compactions`);
  });

  test("without a terminal: one picture of a moment, from a journal or made now, in ASCII where the locale asks", async () => {
    const { status, stdout } = await run(["top", JOURNAL, "--at", "20s"]);
    expect(status).toBe(0);
    expect(stdout).toContain("20.0 s of 30.0 s");
    const words = "top --scenario burst --seed 3 --duration 30s --policy predictive --at 20s".split(" ");
    expect((await run(words)).stdout).toBe(stdout);
    const ascii = await run(["top", JOURNAL, "--at", "20s"], { environment: { LANG: "C" } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing outside ASCII
    expect(ascii.stdout).toMatch(/^[\x00-\x7f]+$/);
    expect(ascii.stdout).not.toContain("?");
  });

  test.each([
    [["a", "b", "c"], /journals do not fit/],
    [["--policy", "reactive,predictive,neural"], /policies do not fit/],
    [["--pressure", "75,95"], /one level and one seed/],
    [["--scenario", "all"], /scenarios do not fit/],
    [["--live", "x.jsonl"], /this machine, not a journal/],
  ])("wrong input is told: %s", async (words, message) => {
    const { status, stderr } = await run(["top", ...words]);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe("the terminal", () => {
  const started = (terminal: FakeTerminal) => {
    const host = fakeHost({ terminal });
    return { host, ended: run(["top", JOURNAL], host) };
  };
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  };

  test.each([
    ["q", 0],
    ["\u0003", 0],
    ["\u001b", 0],
  ])("is given back after %j", async (key, expected) => {
    const terminal = new FakeTerminal();
    const { ended } = started(terminal);
    await until(() => terminal.isRaw);
    terminal.pass();
    terminal.type(key);
    const { status, stdout } = await ended;
    expect([status, stdout]).toEqual([expected, ""]);
    expect(terminal.isLetGo).toBe(true);
    expect(terminal.text.startsWith("\u001b[?1049h")).toBe(true);
    expect(terminal.text.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
  });

  test("is given back after a signal, with its status", async () => {
    const terminal = new FakeTerminal();
    const { host, ended } = started(terminal);
    await until(() => terminal.isRaw);
    host.signal("SIGINT");
    expect((await ended).status).toBe(EXIT_SIGINT);
    expect(terminal.isLetGo && terminal.text.endsWith("\u001b[?1049l")).toBe(true);
    expect(host.listeners).toBe(0);
  });

  test("is given back after an error", async () => {
    const terminal = new FakeTerminal();
    const viewer = {
      isDone: false,
      press() {},
      advance() {},
      draw() {
        throw new Error("broken");
      },
    };
    await expect(show(viewer, fakeHost(), terminal)).rejects.toThrow("broken");
    expect(terminal.isLetGo && terminal.text.endsWith("\u001b[?1049l")).toBe(true);
  });

  test("a new size draws all of it anew; a frame without a change draws nothing", async () => {
    const terminal = new FakeTerminal();
    const { ended } = started(terminal);
    await until(() => terminal.isRaw);
    terminal.type(" ");
    terminal.text = "";
    terminal.pass();
    expect(terminal.text).toBe("");
    terminal.resize(60, 20);
    expect(terminal.text).toContain("\u001b[2J");
    expect(terminal.text).toContain("\u001b[20;1H");
    terminal.type("q");
    await ended;
    expect(FRAME_MILLIS).toBe(50);
  });
});

describe("live", () => {
  test("this machine's memory is a share of it", () => {
    const { usedBytes, limitBytes } = machineLimit().read();
    expect(usedBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeLessThan(limitBytes);
    expect(() => machineLimit(() => "MemTotal: 5 kB\n").read()).toThrow("MemAvailable");
    const text = "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    250 kB\n";
    expect(machineLimit(() => text).read()).toEqual({ usedBytes: 768_000, limitBytes: 1_024_000 });
  });

  test("shows readings, levels and a source that fails", () => {
    let ratio = 0.5;
    let atMillis = 0;
    const source = {
      id: "test",
      read() {
        if (ratio < 0) throw new Error("nothing to read");
        atMillis += 500;
        const used = { usedBytes: ratio * 1024, limitBytes: 1024, pressureRatio: ratio };
        return { atMillis, ...used, forecastRatio: ratio, upperRatio: ratio, confidence: 0, horizonMillis: 5000 };
      },
    };
    const viewer = new LiveViewer(source, () => "machine", plain, true);
    const text = () => viewer.draw({ columns: 80, rows: 24 }).join("\n");
    expect(text()).toContain("no reading yet");
    viewer.advance(500);
    expect(text()).toContain("50.0 %: 512 B of 1.0 KiB");
    ratio = 0.95;
    viewer.advance(500);
    expect(text()).toContain("LOW → CRITICAL, by pressure");
    viewer.press("p");
    ratio = 0.2;
    viewer.advance(5000);
    expect(text()).toContain("95.0 %");
    viewer.press("p");
    ratio = -1;
    viewer.advance(500);
    expect(text()).toContain("nothing to read");
    viewer.press("q");
    expect(viewer.isDone).toBe(true);
    for (const line of viewer.draw({ columns: 30, rows: 6 })) expect([...line].length).toBeLessThanOrEqual(30);
  });

  test("without a terminal: one reading", async () => {
    const { status, stdout } = await run(["top", "--live"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/level (LOW|MEDIUM|HIGH|CRITICAL|EMERGENCY)/);
  });
});
