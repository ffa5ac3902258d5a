// How pressure is told to whoever can give memory back: five ordered levels, a reading of now and of what is coming, and the
// two sides that meet. A source knows the memory (a simulated arena, V8's heap, a control group); a tenant holds some of it (a
// cache, a preloader). Interfaces only, so that neither side knows the other.

/** Ordered, calm first. */
export const PRESSURE_LEVELS = ["LOW", "MEDIUM", "HIGH", "CRITICAL", "EMERGENCY"] as const;
export type PressureLevel = (typeof PRESSURE_LEVELS)[number];

/** What a source says at one moment. Ratios are 0..1 of the limit that binds. */
export interface PressureReading {
  /** Time of the reading on the source's own clock, ms, never decreasing. */
  readonly atMillis: number;
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Pressure now. */
  readonly pressureRatio: number;
  /** Pressure expected at `horizonMillis` from now, and the upper bound of its interval; NaN without a forecast. */
  readonly forecastRatio: number;
  readonly upperRatio: number;
  /** How far the forecast is to be trusted, 0..1; 0 without one. */
  readonly confidence: number;
  readonly horizonMillis: number;
}

export interface PressureSource {
  readonly id: string;
  /** A reading of this moment. Cheap enough to be asked ten times a second. */
  read(): PressureReading;
}

/** Someone who can give memory back. After the kernel's shrinkers: `countBytes` says what there is, `shed` asks for it. */
export interface PressureTenant {
  readonly id: string;
  /** Bytes held that could be given back. */
  countBytes(): number;
  /** Gives back at least `bytes` if it can, what was loaded on speculation first, then what is coldest. Returns bytes given. */
  shed(bytes: number): number;
  /** Holds no more than this share of its own limit from now on, 0..1; sheds down to it. */
  setBudgetRatio(ratio: number): void;
  /** What a byte held for a second costs, in units of a load's cost: prefetching pays only above it. 0 when memory is plenty; Infinity stops it. */
  setPrefetchPrice(price: number): void;
  /** The level itself, for who does more than keep a budget: told with each round. */
  setLevel?(level: PressureLevel): void;
}
