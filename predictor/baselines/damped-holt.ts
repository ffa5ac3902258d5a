// Damped Holt: level and trend, both exponentially smoothed, the trend fading ahead (Gardner & McKenzie 1985; Hyndman &
// Athanasopoulos, Forecasting, 8.2). The rival that is hardest to beat on ramps and tides.
//   level  l = α·y + (1 − α)·(l' + φ·b')      trend  b = β·(l − l') + (1 − β)·φ·b'
//   forecast = l + (φ + φ² + ... + φ^10)·b

import { HORIZON_TICKS } from "../../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster, clampRatio } from "./baseline-forecaster.ts";

export const HOLT_LEVEL_SHARE = 0.5;
export const HOLT_TREND_SHARE = 0.1;
export const HOLT_DAMPING = 0.95;

let reach = 0; // φ + ... + φ^10
for (let step = 0, power = HOLT_DAMPING; step < HORIZON_TICKS; step++, power *= HOLT_DAMPING) reach += power;

export class DampedHolt extends BaselineForecaster {
  readonly id = "damped-holt";
  readonly stateBytes = BASELINE_SHARED_BYTES + 3 * 8;
  readonly #state = new Float64Array([0.5, 0, 0]); // level, trend, samples

  protected take(pressureRatio: number): void {
    const state = this.#state;
    if (state[2]++ === 0) {
      state[0] = pressureRatio;
      return;
    }
    const expected = state[0] + HOLT_DAMPING * state[1];
    const level = HOLT_LEVEL_SHARE * pressureRatio + (1 - HOLT_LEVEL_SHARE) * expected;
    state[1] = HOLT_TREND_SHARE * (level - state[0]) + (1 - HOLT_TREND_SHARE) * HOLT_DAMPING * state[1];
    state[0] = level;
  }

  forecast(_nowMicros: number): number {
    return clampRatio(this.#state[0] + reach * this.#state[1]);
  }
}
