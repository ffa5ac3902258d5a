// The season of occupancy: its period by autocorrelation over the last four minutes, and what happened at the same phase one
// and two periods ago. Unlike the seasonal-naive baseline it looks at occupancy, which compaction does not disturb, reaches
// back farther, and says a *way* (how far U went in the coming 5 s of that period) and not a level, so that a season on top of
// a drifting level is found all the same.

const OCCUPANCY_PLACES = 512;
const PRESSURE_PLACES = 256;
const HISTORY_TICKS = 480;
const LEAST_PERIOD = 11;
const MOST_PERIOD = 200;
const SEARCH_EACH_TICKS = 20;
const LEAST_HISTORY = 40;
const LEAST_CORRELATION = 0.2;
const DIP_CORRELATION = 0.25;

export class Season {
  /** Bytes of its state. */
  static readonly stateBytes = OCCUPANCY_PLACES * 4 + PRESSURE_PLACES * 4 + 6 * 8;
  /** The period in ticks; 0 without one. */
  periodTicks = 0;
  readonly #occupancies = new Float32Array(OCCUPANCY_PLACES);
  readonly #pressures = new Float32Array(PRESSURE_PLACES);
  readonly #found = new Float64Array(4); // correlation, way, way before, pressure
  #count = 0;

  /** Autocorrelation at the period, 0 without one. */
  get correlation(): number {
    return this.#found[0];
  }

  /** How far U went one period ago over the ticks that `look` named. */
  get way(): number {
    return this.#found[1];
  }

  /** The same two periods ago; one where history is short. */
  get wayBefore(): number {
    return this.#found[2];
  }

  /** P one period ago, as many ticks ahead. */
  get pressure(): number {
    return this.#found[3];
  }

  reset(): void {
    this.periodTicks = 0;
    this.#found.fill(0);
    this.#count = 0;
  }

  /** The means of a tick. */
  take(occupancy: number, pressure: number): void {
    this.#occupancies[this.#count & (OCCUPANCY_PLACES - 1)] = occupancy;
    this.#pressures[this.#count & (PRESSURE_PLACES - 1)] = pressure;
    this.#count++;
    if (this.#count > LEAST_HISTORY && (this.#count - 1) % SEARCH_EACH_TICKS === 0) this.#search();
  }

  /** Finds what happened one period ago, `ticks` ahead; each value is a mean over three ticks. */
  look(ticks: number): void {
    const found = this.#found;
    const period = this.periodTicks;
    if (period === 0) {
      found[1] = 0;
      found[2] = 0;
      found[3] = 0;
      return;
    }
    found[1] = this.#occupancyAround(period - ticks) - this.#occupancyAround(period);
    const isLong = this.#count - 1 > 2 * period;
    found[2] = isLong ? this.#occupancyAround(2 * period - ticks) - this.#occupancyAround(2 * period) : found[1];
    let pressure = 0;
    for (let near = -1; near <= 1; near++) {
      pressure += this.#pressures[(this.#count - 1 - Math.max(0, period - ticks + near)) & (PRESSURE_PLACES - 1)];
    }
    found[3] = pressure / 3;
  }

  #occupancyAround(ago: number): number {
    let sum = 0;
    for (let near = -1; near <= 1; near++) {
      const back = Math.min(this.#count - 1, Math.max(0, ago + near));
      sum += this.#occupancies[(this.#count - 1 - back) & (OCCUPANCY_PLACES - 1)];
    }
    return sum / 3;
  }

  /** Lags × samples, at most some 75,000 products. */
  #search(): void {
    const n = Math.min(this.#count, HISTORY_TICKS);
    let mean = 0;
    for (let ago = 0; ago < n; ago++) {
      const value = this.#occupancies[(this.#count - 1 - ago) & (OCCUPANCY_PLACES - 1)];
      centred[ago] = value;
      mean += value;
    }
    mean /= n;
    let variance = 0;
    for (let ago = 0; ago < n; ago++) {
      const value = centred[ago] - mean;
      centred[ago] = value;
      variance += value * value;
    }
    variance /= n;
    let best = LEAST_CORRELATION;
    let period = 0;
    const longest = variance > 1e-8 ? Math.min(MOST_PERIOD, n >> 1) : 0;
    let isPastFirstDip = false;
    for (let lag = 1; lag <= longest; lag++) {
      // Four sums, as one would wait for itself at each addition.
      let sum = 0;
      let second = 0;
      let third = 0;
      let fourth = 0;
      let ago = 0;
      for (; ago + lag + 3 < n; ago += 4) {
        sum += centred[ago] * centred[ago + lag];
        second += centred[ago + 1] * centred[ago + lag + 1];
        third += centred[ago + 2] * centred[ago + lag + 2];
        fourth += centred[ago + 3] * centred[ago + lag + 3];
      }
      for (; ago + lag < n; ago++) sum += centred[ago] * centred[ago + lag];
      const correlation = (sum + second + third + fourth) / (n - lag) / variance;
      if (correlation < DIP_CORRELATION) isPastFirstDip = true;
      if (isPastFirstDip && lag >= LEAST_PERIOD && correlation > best) {
        best = correlation;
        period = lag;
      }
    }
    this.periodTicks = period;
    this.#found[0] = period === 0 ? 0 : best;
  }
}

/** Scratch of the search: the history less its mean, newest first. */
const centred = new Float64Array(HISTORY_TICKS);
