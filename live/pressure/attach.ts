// Keeps tenants in step with the pressure of the process: a round of the link (cache/pressure-link.ts) each 500 ms. The timer
// keeps no process alive.
//
//     const pressure = attachPressure({ tenants: [cache] });
//     pressure.governor.onChange(({ to }) => log(to));
//     ...
//     pressure.close();

import { performance } from "node:perf_hooks";
import { PressureGovernor } from "../../cache/pressure-governor.ts";
import { PressureLink } from "../../cache/pressure-link.ts";
import type { PressureSource, PressureTenant } from "../../core/pressure.ts";
import { ProcessSource } from "./process-source.ts";

/** Timers as Node's; injected in tests. */
export interface PressureTimers {
  setInterval(callback: () => void, millis: number): { unref?(): unknown };
  clearInterval(timer: unknown): void;
}

export interface AttachOptions {
  readonly tenants: Iterable<PressureTenant>;
  /** Default: the process (process-source.ts). */
  readonly source?: PressureSource | undefined;
  readonly governor?: PressureGovernor | undefined;
  /** Time between rounds. Default 500; the forecasters of the process source count on no more. */
  readonly intervalMillis?: number | undefined;
  /** Milliseconds, the source's own clock. Default: the process's monotonic clock. */
  readonly clock?: (() => number) | undefined;
  readonly timers?: PressureTimers | undefined;
}

export interface AttachedPressure {
  readonly governor: PressureGovernor;
  readonly link: PressureLink;
  /** A round now, beside the timer's. */
  tick(): void;
  /** Stops the timer and lets all tenants go. */
  close(): void;
}

const NODE_TIMERS: PressureTimers = {
  setInterval: (callback, millis) => setInterval(callback, millis),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
};

/** The first round is at once, so that tenants have their orders before they are filled. */
export function attachPressure(options: AttachOptions): AttachedPressure {
  const { tenants, intervalMillis = 500, clock = () => performance.now(), timers = NODE_TIMERS } = options;
  const governor = options.governor ?? new PressureGovernor();
  const link = new PressureLink(options.source ?? new ProcessSource({ clock }), tenants, governor);
  const tick = () => link.tick(clock());
  tick();
  const timer = timers.setInterval(tick, intervalMillis);
  timer.unref?.();
  return {
    governor,
    link,
    tick,
    close() {
      timers.clearInterval(timer);
      link.close();
    },
  };
}
