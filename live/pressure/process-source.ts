// The pressure of a Node process: the ratio of the limit that binds, and where it will be in 5 s by one of the project's
// forecasters, which is fed a sample each 500 ms and watched as in the simulator. Which limit binds may change from reading
// to reading; the forecaster sees the ratio of whichever does.

import { performance } from "node:perf_hooks";
import { MempredError } from "../../core/errors.ts";
import type { Forecaster } from "../../core/forecaster.ts";
import type { PressureReading, PressureSource } from "../../core/pressure.ts";
import { HORIZON_MICROS, HORIZON_TICKS, MICROS_PER_MILLI, TICK_MICROS } from "../../core/units.ts";
import { createForecaster } from "../../predictor/forecasters.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import { cgroupLimit, type MemoryLimit, residentLimit, v8HeapLimit } from "./memory-limit.ts";

export interface ProcessSourceOptions {
  /** What may run out. Default: V8's heap, the control group where it has a limit, the machine's memory. */
  readonly limits?: readonly MemoryLimit[] | undefined;
  /** What foresees: an id of predictor/forecasters.ts, or null for none. Default `damped-holt`. */
  readonly forecaster?: string | null | undefined;
  /** Milliseconds from any fixed moment, never decreasing. Default: the process's monotonic clock. */
  readonly clock?: (() => number) | undefined;
}

/** What of a process can run out, as far as it can be known here. */
export function processLimits(): MemoryLimit[] {
  const group = cgroupLimit();
  return [v8HeapLimit(), ...(group === null ? [] : [group]), residentLimit()];
}

export class ProcessSource implements PressureSource {
  readonly id = "process";
  /** Id of the limit that bound at the last reading. */
  bindingLimit: string | null = null;
  /** Times that a limit could not be read; the others counted meanwhile. */
  limitErrors = 0;

  readonly #limits: readonly MemoryLimit[];
  readonly #forecaster: GuardedForecaster | null;
  readonly #clock: () => number;
  readonly #startMillis: number;
  #nextTickMicros = 0;

  /** Errors: INVALID_INPUT for a forecaster that there is not. */
  constructor(options: ProcessSourceOptions = {}) {
    const { limits = processLimits(), forecaster = "damped-holt", clock = () => performance.now() } = options;
    this.#limits = limits;
    this.#clock = clock;
    this.#startMillis = clock();
    this.#forecaster = forecaster === null ? null : guarded(createForecaster(forecaster));
  }

  /** Errors: NOT_FOUND when no limit can be read at all. Cost: a few small files, and the forecaster's tick each 500 ms. */
  read(): PressureReading {
    const atMillis = this.#clock();
    let binding: { usedBytes: number; limitBytes: number } | null = null;
    let pressureRatio = Number.NEGATIVE_INFINITY;
    let cause: unknown;
    for (const limit of this.#limits) {
      try {
        const figures = limit.read();
        const ratio = figures.usedBytes / figures.limitBytes;
        if (!(ratio >= 0) || ratio === Infinity)
          throw new RangeError(`${limit.id}: ${figures.usedBytes} of ${figures.limitBytes}`);
        if (ratio <= pressureRatio) continue;
        pressureRatio = ratio;
        binding = figures;
        this.bindingLimit = limit.id;
      } catch (error) {
        this.limitErrors++;
        cause = error;
      }
    }
    if (binding === null) throw new MempredError("NOT_FOUND", "no memory limit can be read", {}, cause);
    return { atMillis, ...binding, pressureRatio, ...this.#foresee(atMillis, Math.min(1, pressureRatio)) };
  }

  #foresee(
    atMillis: number,
    ratio: number,
  ): Pick<PressureReading, "forecastRatio" | "upperRatio" | "confidence" | "horizonMillis"> {
    const horizonMillis = HORIZON_MICROS / MICROS_PER_MILLI;
    const forecaster = this.#forecaster;
    if (forecaster === null) {
      return { forecastRatio: Number.NaN, upperRatio: Number.NaN, confidence: 0, horizonMillis };
    }
    const nowMicros = Math.max(0, Math.floor((atMillis - this.#startMillis) * MICROS_PER_MILLI));
    forecaster.observe(nowMicros, ratio, ratio);
    // A process that was held up has missed ticks. Nothing was seen meanwhile: beyond the horizon they are not made up for.
    const oldest = nowMicros - HORIZON_TICKS * TICK_MICROS;
    if (this.#nextTickMicros < oldest) this.#nextTickMicros = Math.ceil(oldest / TICK_MICROS) * TICK_MICROS;
    for (; this.#nextTickMicros <= nowMicros; this.#nextTickMicros += TICK_MICROS) {
      forecaster.tick(this.#nextTickMicros, ratio, ratio, false);
    }
    const forecastRatio = forecaster.forecast(nowMicros);
    const confidence = forecaster.isTripped ? 0 : forecaster.confidence();
    return { forecastRatio, upperRatio: forecastRatio + forecaster.upperMargin(), confidence, horizonMillis };
  }
}

function guarded(forecaster: Forecaster): GuardedForecaster {
  return new GuardedForecaster(forecaster);
}
