// The decision framework (K68): stages in order of priority, watchdog > autonomy > predictor > watermark; the first that has
// something to say decides, and every decision is recorded with its reason and, later, its outcome.

import type { AutonomyReport, Decision } from "./result.ts";

export type StageName = Decision["stage"];
export type ActionName = Decision["action"];

/** In this order they are asked. */
export const STAGE_PRIORITY: readonly StageName[] = ["watchdog", "autonomy", "predictor", "watermark", "none"];

/** What a stage wants. `run` does it and says what became of it. */
export interface Advice {
  readonly action: ActionName;
  readonly reason: string;
}

export interface Stage {
  readonly name: StageName;
  /** Null: nothing to say, ask the next. A stage that acts has acted when it returns. */
  advise(nowMicros: number): Advice | null;
}

/** What was known at the moment of a decision. */
export interface DecisionContext {
  pressureRatio: number;
  forecast: number | null;
  upper: number | null;
  confidence: number | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** All decisions of a run. */
export class DecisionLog {
  readonly context: DecisionContext = { pressureRatio: 0, forecast: null, upper: null, confidence: null };
  readonly all: Decision[] = [];
  #byStage: Record<string, number> = {};
  #byAction: Record<string, number> = {};
  #ticks = 0;
  #open: Mutable<Decision> | null = null;

  /** Records one decision. Those of the 500 ms loop are counted as such. */
  record(atMicros: number, stage: StageName, action: ActionName, reason: string, isTick: boolean): void {
    const { pressureRatio, forecast, upper, confidence } = this.context;
    const decision: Mutable<Decision> = {
      atMicros,
      stage,
      action,
      reason,
      pressure: pressureRatio,
      forecast,
      upper,
      confidence,
      outcome: null,
    };
    this.all.push(decision);
    this.#byStage[stage] = (this.#byStage[stage] ?? 0) + 1;
    this.#byAction[action] = (this.#byAction[action] ?? 0) + 1;
    if (isTick) this.#ticks++;
    this.#open = action === "compact" ? decision : null;
  }

  /** The run that the last decision started has ended. */
  noteOutcome(outcome: string): void {
    if (this.#open !== null) this.#open.outcome = outcome;
    this.#open = null;
  }

  report(isOn: boolean, predictions: number, durationMicros: number, keep: number): AutonomyReport {
    const hours = durationMicros / 3_600_000_000;
    const acted = this.all.filter((decision) => decision.action !== "hold");
    return {
      isOn,
      decisions: this.#ticks,
      predictions,
      decisionsPerHour: hours > 0 ? this.#ticks / hours : 0,
      predictionsPerHour: hours > 0 ? predictions / hours : 0,
      byStage: this.#byStage,
      byAction: this.#byAction,
      recent: keep === 0 ? [] : acted.slice(-keep),
    };
  }
}

/** Asks the stages in order of priority and records the one that spoke. */
export class DecisionLoop {
  readonly #stages: readonly Stage[];
  readonly #log: DecisionLog;

  constructor(stages: readonly Stage[], log: DecisionLog) {
    const rank = (stage: Stage) => STAGE_PRIORITY.indexOf(stage.name);
    this.#stages = [...stages].sort((a, b) => rank(a) - rank(b));
    this.#log = log;
  }

  /** One decision of the 500 ms loop. */
  decide(nowMicros: number): Advice {
    for (const stage of this.#stages) {
      const advice = stage.advise(nowMicros);
      if (advice === null) continue;
      this.#log.record(nowMicros, stage.name, advice.action, advice.reason, true);
      return advice;
    }
    const advice: Advice = { action: "hold", reason: "no stage has anything to say" };
    this.#log.record(nowMicros, "none", advice.action, advice.reason, true);
    return advice;
  }
}
