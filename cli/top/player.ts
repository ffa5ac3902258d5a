// Where a viewer of recorded runs stands: the moment, the speed, and what a key does to them. No terminal and no clock in here.

import { MICROS_PER_SECOND, TICK_MICROS } from "../../core/units.ts";
import { EVENT_DENY } from "../../sim/recording/columns.ts";
import { HeapView } from "../../sim/recording/heap-view.ts";
import type { Recording } from "../../sim/recording/recording.ts";

/** Virtual seconds a second. */
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128] as const;
const NORMAL = SPEEDS.indexOf(1);

export const PLAYER_KEYS = "space play · ←→ tick · [ ] 10 s · n N next, last OOM · + - speed · g G ends · q quit";

export class Player {
  readonly recordings: readonly Recording[];
  readonly views: readonly HeapView[];
  readonly endMicros: number;
  micros: number;
  isPlaying = true;
  isDone = false;
  #speed = SPEEDS.indexOf(4);

  /** @param atMicros where to begin */
  constructor(recordings: readonly Recording[], atMicros = 0) {
    this.recordings = recordings;
    this.views = recordings.map((recording) => new HeapView(recording));
    this.endMicros = Math.max(0, ...recordings.map((recording) => recording.endMicros));
    this.micros = 0;
    this.goTo(atMicros);
  }

  get speed(): number {
    return SPEEDS[this.#speed]!;
  }

  /** Errors: INVALID_RESULT, a recording that contradicts itself. */
  goTo(micros: number): void {
    this.micros = Math.min(this.endMicros, Math.max(0, micros));
    for (const view of this.views) view.seek(this.micros);
  }

  /** So much time has passed at the viewer's. At the end it stops. */
  advance(wallMillis: number): void {
    if (!this.isPlaying) return;
    this.goTo(this.micros + wallMillis * this.speed * (MICROS_PER_SECOND / 1000));
    if (this.micros >= this.endMicros) this.isPlaying = false;
  }

  /** A key by its name or character; unknown ones do nothing. */
  press(key: string): void {
    const jump = (micros: number) => {
      this.isPlaying = false;
      this.goTo(micros);
    };
    const tick = Math.floor(this.micros / TICK_MICROS) * TICK_MICROS;
    switch (key) {
      case "q":
      case "escape":
      case "ctrl-c":
        this.isDone = true;
        break;
      case " ":
        if (!this.isPlaying && this.micros >= this.endMicros) this.goTo(0);
        this.isPlaying = !this.isPlaying;
        break;
      case "right":
        jump(tick + TICK_MICROS);
        break;
      case "left":
        jump(tick < this.micros ? tick : tick - TICK_MICROS);
        break;
      case "]":
        jump(this.micros + 10 * MICROS_PER_SECOND);
        break;
      case "[":
        jump(this.micros - 10 * MICROS_PER_SECOND);
        break;
      case "g":
      case "home":
        jump(0);
        break;
      case "G":
      case "end":
        jump(this.endMicros);
        break;
      case "n":
        jump(this.#denial(1) ?? this.micros);
        break;
      case "N":
        jump(this.#denial(-1) ?? this.micros);
        break;
      case "+":
      case "=":
        this.#speed = Math.min(SPEEDS.length - 1, this.#speed + 1);
        break;
      case "-":
        this.#speed = Math.max(0, this.#speed - 1);
        break;
      case "1":
        this.#speed = NORMAL;
        break;
    }
  }

  /** The nearest denial of any run after (1) or before (−1) the moment; undefined: there is none. */
  #denial(direction: 1 | -1): number | undefined {
    const found: number[] = [];
    for (const recording of this.recordings) {
      const { events } = recording;
      let row = direction === 1 ? recording.eventsUntil(this.micros) : recording.eventsUntil(this.micros - 1) - 1;
      while (row >= 0 && row < events.count && events.kind[row] !== EVENT_DENY) row += direction;
      if (row >= 0 && row < events.count) found.push(events.micros[row]!);
    }
    if (found.length === 0) return undefined;
    return direction === 1 ? Math.min(...found) : Math.max(...found);
  }
}
