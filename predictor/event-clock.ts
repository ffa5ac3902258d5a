// How regularly something happens: the mean gap between events, its spread, and how long ago the last one was. The phase of a
// sawtooth or of a herd is then time since / mean gap. Gaps are averaged plainly for the first four, then with weight ¼.

const LEAST_GAP_TICKS = 6; // what follows an event at once is part of it
const SHARE = 0.25;
const NEVER_TICKS = 60;

export class EventClock {
  /** Bytes of its state. */
  static readonly stateBytes = 4 * 8;
  // mean gap, mean |gap − mean|, ticks since the last event (−1: none yet), gaps seen
  readonly #state = new Float64Array([40, 0, -1, 0]);

  reset(): void {
    this.#state.set([40, 0, -1, 0]);
  }

  /** One tick, with an event in it or not. */
  take(isEvent: boolean): void {
    const state = this.#state;
    if (state[2] >= 0) state[2]++;
    if (!isEvent || (state[2] >= 0 && state[2] < LEAST_GAP_TICKS)) return;
    if (state[2] >= 0) {
      state[3]++;
      const share = Math.max(SHARE, 1 / state[3]);
      state[1] += share * (Math.abs(state[2] - state[0]) - state[1]);
      state[0] += share * (state[2] - state[0]);
    }
    state[2] = 0;
  }

  get meanTicks(): number {
    return this.#state[0];
  }

  get spreadTicks(): number {
    return this.#state[1];
  }

  /** Gaps seen. */
  get gaps(): number {
    return this.#state[3];
  }

  /** Ticks since the last event; NEVER_TICKS before the first. */
  get sinceTicks(): number {
    return this.#state[2] < 0 ? NEVER_TICKS : this.#state[2];
  }

  /** Time since the last event over the mean gap; 0 before the first. */
  get phase(): number {
    return this.#state[2] < 0 ? 0 : this.#state[2] / this.#state[0];
  }

  /** Ticks until the next event is due, negative when overdue; 0 before the first. */
  get leftTicks(): number {
    return this.#state[2] < 0 ? 0 : this.#state[0] - this.#state[2];
  }
}
