// A recording of who asked for what, in order: components of an application, pages of a site, commands of a shell. What is asked
// next is the question; so users and sessions are kept, and times where there are some.

import { MempredError } from "../core/errors.ts";

export interface SequenceTrace {
  /** "unix-user1" of "sequence/unix-user1.txt.gz". */
  readonly name: string;
  readonly file: string;
  /** An id of SEQUENCE_FORMATS. */
  readonly format: string;
  /** What each request asks for: an index of `names`. */
  readonly components: Uint32Array;
  /** In order of first appearance. */
  readonly names: readonly string[];
  /** Whose request it is: an index of `userNames`. */
  readonly users: Uint32Array;
  readonly userNames: readonly string[];
  /** 1: a session begins with this request. */
  readonly isFirst: Uint8Array;
  readonly sessionCount: number;
  /** Milliseconds of each request, never decreasing; null where the recording has no times. */
  readonly atMillis: Float64Array | null;
}

/** A user who was silent for longer begins a new session: what web statistics reckon with. */
export const SESSION_GAP_MILLIS = 1_800_000;
const FIRST_LENGTH = 4_096;

/** One request as a recording tells it. */
export interface SequenceRecord {
  readonly component: string;
  readonly user: string;
  /** NaN: there is none, then or ever. */
  readonly atMillis: number;
  /** Name of the session; a user's new name begins one. Undefined: a long silence does. */
  readonly session: string | undefined;
}

/** Takes in requests one by one and becomes a SequenceTrace. What a reader finds wrong is thrown from here, with its line. */
export class SequenceBuilder {
  readonly file: string;
  #components = new Uint32Array(FIRST_LENGTH);
  #users = new Uint32Array(FIRST_LENGTH);
  #isFirst = new Uint8Array(FIRST_LENGTH);
  #atMillis = new Float64Array(FIRST_LENGTH);
  #length = 0;
  #sessionCount = 0;
  #hasTimes = false;
  readonly #names = new Map<string, number>();
  readonly #userNumbers = new Map<string, number>();
  readonly #lastOfUser: { atMillis: number; session: string | undefined }[] = [];

  constructor(file: string) {
    this.file = file;
  }

  /** Requests so far. */
  get length(): number {
    return this.#length;
  }

  /** A session of a nameless user, without times. */
  session(components: readonly string[]): void {
    for (const [index, component] of components.entries()) this.#add(component, "", NaN, index === 0);
  }

  /** One request. @param line where it stands, for errors: times are on all lines or on none, and never run backwards */
  request(record: SequenceRecord, line: number): void {
    const { component, user, atMillis, session } = record;
    const hasTime = !Number.isNaN(atMillis);
    if (this.#length > 0 && hasTime !== this.#hasTimes)
      this.fail({ line }, "a time on every line or on none", hasTime ? "one" : "none");
    const before = hasTime && this.#length > 0 ? this.#atMillis[this.#length - 1]! : -Infinity;
    if (atMillis < before) this.fail({ line }, `a time that is not before ${before} ms, the line above`, `${atMillis}`);
    this.#hasTimes = hasTime;
    const last = this.#lastOfUser[this.#userNumbers.get(user) ?? -1];
    const isFirst =
      last === undefined ||
      (session === undefined ? atMillis - last.atMillis > SESSION_GAP_MILLIS : session !== last.session);
    this.#add(component, user, atMillis, isFirst);
    this.#lastOfUser[this.#userNumbers.get(user)!] = { atMillis, session };
  }

  /** Throws INVALID_TRACE: `file:17: expected …, got …`. */
  fail(place: { readonly line: number }, expected: string, got: string): never {
    const message = `${this.file}:${place.line}: expected ${expected}, got ${got}`;
    throw new MempredError("INVALID_TRACE", message, { file: this.file, ...place, expected });
  }

  /** Throws INVALID_TRACE unless there was a request. */
  finish(name: string, format: string): SequenceTrace {
    if (this.#length === 0) this.fail({ line: 1 }, "requests", "none at all");
    return {
      name,
      file: this.file,
      format,
      components: this.#components.slice(0, this.#length),
      names: [...this.#names.keys()],
      users: this.#users.slice(0, this.#length),
      userNames: [...this.#userNumbers.keys()],
      isFirst: this.#isFirst.slice(0, this.#length),
      sessionCount: this.#sessionCount,
      atMillis: this.#hasTimes ? this.#atMillis.slice(0, this.#length) : null,
    };
  }

  #add(component: string, user: string, atMillis: number, isFirst: boolean): void {
    const at = this.#length++;
    if (at === this.#components.length) this.#grow();
    this.#components[at] = numberOf(this.#names, component);
    this.#users[at] = numberOf(this.#userNumbers, user);
    this.#isFirst[at] = isFirst ? 1 : 0;
    this.#atMillis[at] = atMillis;
    if (isFirst) this.#sessionCount++;
  }

  #grow(): void {
    const length = 2 * this.#components.length;
    const [components, users] = [new Uint32Array(length), new Uint32Array(length)];
    const [isFirst, atMillis] = [new Uint8Array(length), new Float64Array(length)];
    components.set(this.#components);
    users.set(this.#users);
    isFirst.set(this.#isFirst);
    atMillis.set(this.#atMillis);
    this.#components = components;
    this.#users = users;
    this.#isFirst = isFirst;
    this.#atMillis = atMillis;
  }
}

function numberOf(numbers: Map<string, number>, name: string): number {
  let number = numbers.get(name);
  if (number === undefined) numbers.set(name, (number = numbers.size));
  return number;
}
