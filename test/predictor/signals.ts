// Pressure that the tests make up: short recipes with a seed, and a driver that feeds a forecaster allocations and ticks.

import type { Forecaster } from "../../core/forecaster.ts";
import { RandomStream } from "../../core/random.ts";
import { TICK_MICROS } from "../../core/units.ts";

/** Pressure at a time, 0..1. */
export type Signal = (nowMicros: number) => number;

/** White noise around a level. */
export function noise(seed: number, level: number, spread: number): Signal {
  const random = new RandomStream(seed, "test noise");
  return () => Math.min(1, Math.max(0, level + spread * (random.next() + random.next() + random.next() - 1.5)));
}

/** Noise that remembers: a first-order autoregression, one step a call. */
export function wander(seed: number, level: number, spread: number, memory: number): Signal {
  const random = new RandomStream(seed, "test wander");
  let offset = 0;
  return () => {
    offset = memory * offset + spread * (random.next() + random.next() + random.next() - 1.5);
    return Math.min(1, Math.max(0, level + offset));
  };
}

/** A wave with a little noise. */
export function wave(seed: number, level: number, height: number, periodSeconds: number, spread = 0.01): Signal {
  const random = new RandomStream(seed, "test wave");
  return (now) => {
    const phase = (now / 1e6 / periodSeconds) * 2 * Math.PI;
    return Math.min(1, Math.max(0, level + height * Math.sin(phase) + spread * (random.next() - 0.5)));
  };
}

export interface DriveOptions {
  readonly ticks: number;
  /** Allocations between two ticks. */
  readonly allocations?: number;
  /** Occupancy is the pressure less this. */
  readonly fragmentation?: number;
  readonly firstTick?: number;
  /** Before the tick's own work. */
  readonly beforeTick?: (tick: number, nowMicros: number) => void;
  readonly afterTick?: (tick: number, nowMicros: number, pressure: number) => void;
}

/** Feeds `signal` to a forecaster: allocations evenly between ticks, a tick each 500 ms. */
export function drive(forecaster: Forecaster, signal: Signal, options: DriveOptions): void {
  const { ticks, allocations = 5, fragmentation = 0.02, firstTick = 0 } = options;
  for (let tick = firstTick; tick < firstTick + ticks; tick++) {
    const now = tick * TICK_MICROS;
    for (let i = allocations; i > 0; i--) {
      const at = now - (i * TICK_MICROS) / (allocations + 1);
      if (at < 0) continue;
      const pressure = signal(at);
      forecaster.observe(at, Math.max(0, pressure - fragmentation), pressure);
    }
    options.beforeTick?.(tick, now);
    const pressure = signal(now);
    forecaster.tick(now, Math.max(0, pressure - fragmentation), pressure, false);
    options.afterTick?.(tick, now, pressure);
  }
}
