// Scores forecasts against the pressure that came. The true pressure is that of the shadow arena, which gets the same
// demand and no proactive action: acting on a good alarm would make it look false. The simple baselines run here on the
// same true samples and are scored on the same pairs.
//
// Each tick: `mature` with the true pressure of the tick, then `issue` with the forecast made at it. A forecast is scored
// by the sample of exactly 10 ticks later, and not at all when that tick never comes.
//
// The probability behind the Brier score: forecast + margin is the 1 − α quantile of the label, so with logistic errors
// their scale is s = margin / logit(1 − α), and the event's probability is σ((forecast − threshold) / s).

import { assert } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { logDeterministic, sigmoid } from "../core/math.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { BASELINE_IDS, createBaseline } from "./baselines/registry.ts";
import { MISS_RATE } from "./error-tracker.ts";
import {
  bandOf,
  CALIBRATION_BINS,
  COLD_START_PREDICTIONS,
  emptyForecastCounts,
  type ForecastCounts,
  type ScoreTally,
  WORST_ERROR,
} from "./forecast-counts.ts";
import { type ForecastReport, reportForecast } from "./forecast-report.ts";

export interface ForecastScoreOptions {
  /** P from which pressure counts as critical. */
  readonly criticalThreshold: number;
  /** P under which a critical episode ends; default the threshold. */
  readonly exitThreshold?: number | undefined;
}

const SLOTS = HORIZON_TICKS + 1;
const LEAST_SCALE = 0.001;
const LOGIT = logDeterministic((1 - MISS_RATE) / MISS_RATE);

export class ForecastScore {
  readonly criticalThreshold: number;
  readonly exitThreshold: number;
  readonly counts: ForecastCounts = emptyForecastCounts();
  readonly #baselines: readonly Forecaster[] = BASELINE_IDS.map(createBaseline);
  readonly #issuedAt = new Float64Array(SLOTS).fill(-1);
  readonly #forecasts = new Float64Array(SLOTS);
  readonly #uppers = new Float64Array(SLOTS);
  readonly #occupancies = new Float64Array(SLOTS);
  readonly #baselineIssuedAt = new Float64Array(SLOTS).fill(-1);
  readonly #baselineForecasts = new Float64Array(SLOTS * BASELINE_IDS.length);
  #lastTick = -1;
  #isCritical = false;
  #standingIsTrue = false; // the standing alarm has met critical pressure
  #alarmFrom = -1; // first tick of the standing alarm, −1 without one
  #unsettled: { lastTick: number; isTrue: boolean }[] = []; // ended alarms, until 5 s after their end

  constructor(options: ForecastScoreOptions) {
    const { criticalThreshold, exitThreshold = criticalThreshold } = options;
    assert(criticalThreshold > 0 && criticalThreshold <= 1, "the critical threshold must be a ratio");
    assert(exitThreshold <= criticalThreshold, "the exit threshold must not be above the critical one");
    this.criticalThreshold = criticalThreshold;
    this.exitThreshold = exitThreshold;
  }

  /**
   * The true sample of a tick: scores what was forecast 10 ticks ago and moves the baselines on.
   * @param tickIndex integers, increasing
   */
  mature(tickIndex: number, occupancyRatio: number, pressureRatio: number): void {
    assert(tickIndex > this.#lastTick, "ticks must increase");
    this.#lastTick = tickIndex;
    const issuedAt = tickIndex - HORIZON_TICKS;
    const slot = slotOf(issuedAt);
    if (issuedAt >= 0 && this.#issuedAt[slot] === issuedAt && this.#baselineIssuedAt[slot] === issuedAt) {
      this.#score(slot, pressureRatio);
    }
    this.#watchEpisode(tickIndex, pressureRatio);
    const here = slotOf(tickIndex);
    this.#baselineIssuedAt[here] = tickIndex;
    const now = tickIndex * TICK_MICROS;
    this.#baselines.forEach((baseline, i) => {
      baseline.tick(now, occupancyRatio, pressureRatio, false);
      this.#baselineForecasts[here * BASELINE_IDS.length + i] = baseline.forecast(now);
    });
  }

  /**
   * The forecast made at a tick, after `mature` of the same tick.
   * @param forecast of P in 5 s; one that is not finite scores as an error of 1 and as no event
   * @param upper the upper bound
   * @param occupancyAtForecast U of the arena in which it was made: the band
   */
  issue(tickIndex: number, forecast: number, upper: number, occupancyAtForecast: number): void {
    assert(tickIndex === this.#lastTick, "a forecast must follow the sample of its tick");
    const slot = slotOf(tickIndex);
    this.#issuedAt[slot] = tickIndex;
    this.#forecasts[slot] = forecast;
    this.#uppers[slot] = upper;
    this.#occupancies[slot] = occupancyAtForecast;
    this.#watchAlarm(tickIndex, upper >= this.criticalThreshold);
  }

  /** The figures so far. Alarms that still stand, or ended less than 5 s ago without an episode, are not counted yet. */
  report(): ForecastReport {
    return reportForecast(this.counts, this.criticalThreshold);
  }

  #score(slot: number, label: number): void {
    const forecast = this.#forecasts[slot];
    const upper = this.#uppers[slot];
    const isEvent = label >= this.criticalThreshold;
    const scale = Math.max(LEAST_SCALE, (upper - forecast) / LOGIT);
    const isNumber = forecast - forecast === 0;
    const probability = isNumber && scale < Infinity ? sigmoid((forecast - this.criticalThreshold) / scale) : 0;
    const { counts } = this;
    const tallies = [counts.overall, counts.bands[bandOf(this.#occupancies[slot])]];
    if (counts.overall.predictions < COLD_START_PREDICTIONS) tallies.push(counts.coldStart);
    for (const tally of tallies) {
      tally.predictions++;
      countOutcome(tally, forecast >= this.criticalThreshold, isEvent);
      tally.absoluteError += isNumber ? Math.abs(forecast - label) : WORST_ERROR;
      for (let i = 0; i < BASELINE_IDS.length; i++) {
        const rival = this.#baselineForecasts[slot * BASELINE_IDS.length + i];
        tally.baselineAbsoluteErrors[i] += Math.abs(rival - label);
      }
      const miss = probability - (isEvent ? 1 : 0);
      tally.squaredProbabilityError += miss * miss;
      if (label <= upper) tally.covered++;
    }
    const bin = Math.min(CALIBRATION_BINS - 1, Math.floor(probability * CALIBRATION_BINS));
    counts.calibrationCounts[bin]++;
    counts.calibrationProbabilities[bin] += probability;
    if (isEvent) counts.calibrationEvents[bin]++;
  }

  /** Follows episodes of critical pressure and settles alarms by them. */
  #watchEpisode(tick: number, pressure: number): void {
    const { counts } = this;
    counts.watchedTicks++;
    const wasCritical = this.#isCritical;
    this.#isCritical = wasCritical ? pressure >= this.exitThreshold : pressure >= this.criticalThreshold;
    if (this.#isCritical && !wasCritical) {
      counts.episodes++;
      if (this.#alarmFrom >= 0) {
        counts.alarmedEpisodes++;
        counts.leadTicks[Math.min(HORIZON_TICKS, tick - this.#alarmFrom)]++;
      }
    }
    if (this.#isCritical) {
      this.#standingIsTrue = true;
      for (const alarm of this.#unsettled) if (tick <= alarm.lastTick + HORIZON_TICKS) alarm.isTrue = true;
    }
    while (this.#unsettled.length > 0 && this.#unsettled[0].lastTick + HORIZON_TICKS <= tick) {
      counts.alarms++;
      if (this.#unsettled.shift()!.isTrue) counts.trueAlarms++;
    }
  }

  #watchAlarm(tick: number, isAlarm: boolean): void {
    if (isAlarm) this.counts.alarmTicks++;
    if (isAlarm && this.#alarmFrom < 0) {
      this.#alarmFrom = tick;
      this.#standingIsTrue = this.#isCritical;
    } else if (!isAlarm && this.#alarmFrom >= 0) {
      this.#unsettled.push({ lastTick: tick - 1, isTrue: this.#standingIsTrue });
      this.#alarmFrom = -1;
    }
  }
}

function slotOf(tickIndex: number): number {
  return ((tickIndex % SLOTS) + SLOTS) % SLOTS;
}

function countOutcome(tally: ScoreTally, isForecast: boolean, isEvent: boolean): void {
  if (isForecast && isEvent) tally.truePositives++;
  else if (isForecast) tally.falsePositives++;
  else if (isEvent) tally.falseNegatives++;
  else tally.trueNegatives++;
}
