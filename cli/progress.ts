// Progress of a suite, on stderr: on a terminal one line that is rewritten a few times a second, otherwise a plain line
// every 10 s. It shows runs done, runs/s, time left, and what the suite says so far with a rough interval.

import { baselinePolicies } from "../sim/suite/plan.ts";
import type { Host } from "./host.ts";
import { formatCount, formatWallSeconds } from "./render/format.ts";

const TERMINAL_INTERVAL_MILLIS = 200;
const PLAIN_INTERVAL_MILLIS = 10_000;

/** As much of a run as is shown while others still run. */
export interface ProgressRun {
  readonly policy: string;
  readonly ooms: { readonly avoidable: number };
}

export class Progress {
  readonly #host: Host;
  readonly #label: string;
  readonly #unit: string;
  readonly #isSilent: boolean;
  readonly #isTerminal: boolean;
  readonly #toLocale: (text: string) => string;
  readonly #policies: readonly string[];
  readonly #startMillis: number;
  #shownMillis: number;
  #count = 0;
  #sum = 0;
  #squares = 0;
  #baseline = 0;

  /**
   * @param label what the runs belong to, where there is more than one thing to wait for
   * @param unit what is counted
   */
  constructor(
    host: Host,
    policies: readonly string[],
    isSilent: boolean,
    toLocale: (text: string) => string,
    label = "",
    unit = "runs",
  ) {
    this.#host = host;
    this.#label = label === "" ? "" : `${label}: `;
    this.#unit = unit;
    this.#isSilent = isSilent;
    this.#isTerminal = host.stderr.isTerminal;
    this.#toLocale = toLocale;
    const baseline = baselinePolicies(policies)[0]!;
    const rival = policies.includes("predictive")
      ? "predictive"
      : policies.filter((policy) => policy !== baseline).at(-1);
    this.#policies = rival === undefined ? [] : [baseline, rival];
    this.#startMillis = host.nowMillis();
    this.#shownMillis = this.#isTerminal ? -Infinity : this.#startMillis;
  }

  /** Takes in the runs of one cell and shows where things are, if it is time. */
  update(runs: readonly ProgressRun[], doneRuns: number, allRuns: number): void {
    const [baseline, rival] = this.#policies.map((policy) => runs.find((run) => run.policy === policy));
    if (baseline !== undefined && rival !== undefined) {
      const difference = rival.ooms.avoidable - baseline.ooms.avoidable;
      this.#count++;
      this.#sum += difference;
      this.#squares += difference * difference;
      this.#baseline += baseline.ooms.avoidable;
    }
    const now = this.#host.nowMillis();
    const isDue = now - this.#shownMillis >= (this.#isTerminal ? TERMINAL_INTERVAL_MILLIS : PLAIN_INTERVAL_MILLIS);
    if (this.#isSilent || !isDue) return;
    this.#shownMillis = now;
    const seconds = Math.max(0.001, (now - this.#startMillis) / 1000);
    const rate = doneRuns / seconds;
    const left = (allRuns - doneRuns) / rate;
    const parts = [
      `${this.#label}${formatCount(doneRuns)} of ${formatCount(allRuns)} ${this.#unit}`,
      `${rate >= 10 ? Math.round(rate) : rate.toFixed(1)} ${this.#unit}/s`,
      `${formatWallSeconds(left)} left`,
      this.#estimate(),
    ].filter((part) => part !== "");
    const line = this.#toLocale(parts.join(" · "));
    const columns = this.#host.stderr.columns ?? 80;
    if (this.#isTerminal) this.#host.stderr.write(`\r\x1b[2K${[...line].slice(0, columns - 1).join("")}`);
    else this.#host.stderr.write(`${line}\n`);
  }

  /** Leaves no line behind on a terminal. */
  finish(): void {
    if (this.#isTerminal && !this.#isSilent && this.#shownMillis > -Infinity) this.#host.stderr.write("\r\x1b[2K");
  }

  /** Mean difference so far ± 1.96 standard errors over cells: a figure to watch, not one to quote. */
  #estimate(): string {
    if (this.#count < 4) return "";
    const mean = this.#sum / this.#count;
    const variance = Math.max(0, this.#squares / this.#count - mean * mean);
    const half = 1.96 * Math.sqrt(variance / (this.#count - 1));
    const sign = mean < 0 ? "−" : "+";
    const baseline = formatCount(this.#baseline / this.#count);
    return `so far ${sign}${formatCount(Math.abs(mean))} ±${formatCount(half)} avoidable OOM a run, of ${baseline}`;
  }
}
