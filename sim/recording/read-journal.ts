// A journal back into a recording. The reader takes lines as they come, so that a long file need not be in memory as one text.

import { CLASS_NAMES, type RequestClassName } from "../../core/demand.ts";
import { MempredError } from "../../core/errors.ts";
import { PARAMETER_COUNT } from "../../predictor/network.ts";
import { JOURNAL_SCHEMA } from "../journal.ts";
import { OOM_CAUSES, type OomCause } from "../result.ts";
import { OWN_BLOCK_ID } from "../run-recorder.ts";
import { NETWORK_INPUTS, Recording, type RecordingHeader } from "./recording.ts";

type Line = Readonly<Record<string, unknown>>;

/**
 * Takes the lines of a journal in order.
 * Errors: INVALID_RESULT with `file` and `line`: no journal, a line that is none, a value out of its range, time that runs back.
 */
export class JournalReader {
  readonly #file: string;
  #recording: Recording | null = null;
  #line = 0;
  #micros = 0;

  /** @param file for messages */
  constructor(file: string) {
    this.#file = file;
  }

  /** Lines without their ends; empty ones are passed over. */
  take(text: string): void {
    this.#line++;
    if (text.trim() === "") return;
    let line: unknown;
    try {
      line = JSON.parse(text);
    } catch {
      if (this.#recording === null) throw this.#noJournal();
      throw this.#error("is not JSON", "one JSON object a line");
    }
    if (typeof line !== "object" || line === null) throw this.#error("is no JSON object", "one JSON object a line");
    if (this.#recording === null) this.#recording = new Recording(this.#header(line as Line));
    else this.#event(this.#recording, line as Line);
  }

  /** After the last line. */
  finish(): Recording {
    if (this.#recording === null) throw this.#error("there is nothing in it", `a ${JOURNAL_SCHEMA} journal`);
    return this.#recording;
  }

  #noJournal(): MempredError {
    return this.#error("this is no journal", `a ${JOURNAL_SCHEMA} journal (stress --policy NAME --journal FILE)`);
  }

  #header(line: Line): RecordingHeader {
    if (line["schema"] !== JOURNAL_SCHEMA) throw this.#noJournal();
    const capacityBytes = this.#number(line, "capacityBytes", 64, 2 ** 32);
    const granuleBytes = this.#number(line, "granuleBytes", 1, capacityBytes);
    if (capacityBytes % granuleBytes !== 0)
      throw this.#error("the capacity is no multiple of the granule", "whole cells");
    return {
      capacityBytes,
      granuleBytes,
      scenario: this.#text(line, "scenario"),
      pressureRatio: this.#number(line, "pressureRatio", 0, 1),
      seed: this.#number(line, "seed", 0, 2 ** 53),
      policy: this.#text(line, "policy"),
    };
  }

  #event(recording: Recording, line: Line): void {
    const t = this.#number(line, "t", this.#micros, 2 ** 53);
    this.#micros = t;
    const { capacityBytes } = recording.header;
    const bytes = (name: string, most = capacityBytes) => this.#number(line, name, 0, most);
    switch (line["e"]) {
      case "place": {
        const [at, len, isPinned] = [bytes("at"), bytes("len"), line["pinned"] === true];
        const isReclaimable = line["reclaimable"] === true;
        const waited = bytes("waitedMicros", 2 ** 53);
        recording.place(t, this.#id(line), bytes("size"), at, len, this.#class(line), isPinned, isReclaimable, waited);
        break;
      }
      case "resize": {
        const waited = line["waitedMicros"] === undefined ? 0 : bytes("waitedMicros", 2 ** 53);
        recording.resize(t, this.#id(line), bytes("size"), bytes("at"), bytes("len"), waited);
        break;
      }
      case "free":
        recording.free(t, this.#id(line), line["shed"] === true);
        break;
      case "move":
        recording.move(t, this.#id(line), bytes("from"), bytes("to"));
        break;
      case "deny": {
        const cause = OOM_CAUSES.indexOf(line["cause"] as OomCause);
        if (cause < 0) throw this.#error(`unknown cause ${String(line["cause"])}`, OOM_CAUSES.join(", "));
        recording.deny(t, this.#id(line), bytes("size", 2 ** 32), this.#class(line), cause);
        break;
      }
      case "compact": {
        const { kind, phase } = line;
        if (phase !== "start" && phase !== "end") throw this.#error(`unknown phase ${String(phase)}`, "start, end");
        const trigger = this.#text(line, "trigger");
        recording.compact(t, bytes("run", 2 ** 31), kind === "proactive", trigger, phase, bytes("movedBytes", 2 ** 53));
        break;
      }
      case "sample":
        recording.sample(t, this.#number(line, "occupancy", 0, 1), this.#number(line, "pressure", 0, 1));
        break;
      case "forecast": {
        const number = (name: string) => numberOrNaN(line[name]);
        if (line["weights"] !== undefined) this.#network(recording, t, line);
        recording.forecast(t, number("pressure"), number("forecast"), number("upper"), number("confidence"));
        break;
      }
      case "watchdog":
        recording.watchdog(t, this.#text(line, "reason"));
        break;
      default:
        throw this.#error(`unknown event ${JSON.stringify(line["e"])}`, "place, resize, free, move, deny, compact, …");
    }
  }

  /** What the forecast of this tick was made with: of every tick from the first on, or of none. */
  #network(recording: Recording, t: number, line: Line): void {
    const numbers = (name: string, length: number) => {
      const values = line[name];
      if (
        !Array.isArray(values) ||
        values.length !== length ||
        !values.every((one) => one === null || typeof one === "number")
      )
        // biome-ignore format: one line
        throw this.#error(`${name} are not ${length} numbers`, `"${name}":[…]`);
      return Float64Array.from(values as unknown[], numberOrNaN);
    };
    if (recording.networkCount !== recording.ticks.count - 1)
      throw this.#error("weights that forecasts before it did not have", "weights in every forecast, or in none");
    recording.network(t, numbers("weights", PARAMETER_COUNT), numbers("inputs", NETWORK_INPUTS));
  }

  #id(line: Line): number {
    return line["id"] === "predictor" ? OWN_BLOCK_ID : this.#number(line, "id", 0, 2 ** 31 - 1);
  }

  #class(line: Line): number {
    const found = CLASS_NAMES.indexOf(line["class"] as RequestClassName);
    if (found < 0) throw this.#error(`unknown class ${String(line["class"])}`, CLASS_NAMES.join(", "));
    return found;
  }

  #text(line: Line, name: string): string {
    const value = line[name];
    if (typeof value !== "string") throw this.#error(`${name} is no text`, `"${name}":"…"`);
    return value;
  }

  #number(line: Line, name: string, least: number, most: number): number {
    const value = line[name];
    if (typeof value !== "number" || !(value >= least && value <= most))
      throw this.#error(`${name} is ${JSON.stringify(value)}`, `a number from ${least} to ${most}`);
    return value;
  }

  #error(what: string, expected: string): MempredError {
    const details = { file: this.#file, line: Math.max(1, this.#line), expected };
    return new MempredError("INVALID_RESULT", `${this.#file}, line ${details.line}: ${what}`, details);
  }
}

/** JSON has no NaN and no infinity: both are null. */
function numberOrNaN(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

/** A journal that is in memory. Errors: INVALID_RESULT. */
export function readJournal(text: string, file: string): Recording {
  const reader = new JournalReader(file);
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    reader.take(text.slice(start, end));
    start = end + 1;
  }
  if (start < text.length) reader.take(text.slice(start));
  return reader.finish();
}
