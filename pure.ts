// The public names that need neither Node nor the DOM: heap, predictor, scenarios, trace parsing, simulator, statistics.
// `mempred/pure` is this file, for browsers, their workers and other engines; `mempred` (index.ts) is the same and reading
// from disk. What is not named here or there is internal and may change with any version.

// Errors: a MempredError says what outside the program is wrong, an AssertionError is a mistake in the calling code.

export { AssertionError, type ErrorCode, type ErrorDetails, EXIT_STATUS, MempredError } from "./core/errors.ts";

// Units: time is integer µs of virtual time, sizes are bytes, a block is header and rounding more than what was asked for.

export {
  blockLength,
  DEFAULT_CAPACITY_BYTES,
  GRANULE_BYTES,
  HEADER_BYTES,
  HORIZON_MICROS,
  HORIZON_TICKS,
  MICROS_PER_MILLI,
  MICROS_PER_SECOND,
  TICK_MICROS,
} from "./core/units.ts";

// Repeatable randomness and digests: the same bits on every engine.

export { crc32, Digest } from "./core/hash.ts";
export { RandomStream } from "./core/random.ts";

// Demand: what is asked of the heap and when, the same for every policy. Build your own with DemandBuilder.

export {
  CLASS_ATOMIC,
  CLASS_BUDGET_MICROS,
  CLASS_DEADLINE,
  CLASS_NAMES,
  CLASS_WAIT,
  DEFAULT_MIX,
  type Demand,
  DemandBuilder,
  type DemandLevels,
  FLAG_PINNED,
  FLAG_RECLAIMABLE,
  measureDemand,
  OP_ALLOCATE,
  OP_FREE,
  OP_RESIZE,
  type RequestClassName,
  type RequestMix,
} from "./core/demand.ts";

// The heap: blocks of real bytes in one buffer, named by handles, compacted in resumable steps.

export { checkHeap, HEAP_RULES, type HeapRule, type HeapViolation } from "./allocator/check-heap.ts";
export { COMPACTOR_KINDS, type Compactor, type CompactorKind, createCompactor } from "./allocator/compactor.ts";
export { type FitKind, Heap, type HeapOptions, NO_HANDLE } from "./allocator/heap.ts";
export { ZonedHeap, type ZoneOptions, type ZoneStatistics } from "./allocator/zoned-heap.ts";

// The predictor: a 4→8→1 network in 656 bytes that learns online, or in 48 with constant weights, alone or under a watchdog. It
// needs no simulator.

export type { Forecaster } from "./core/forecaster.ts";
export { COMPACT_STATE_BYTES, CompactPredictor, type CompactPredictorOptions } from "./predictor/compact-predictor.ts";
export {
  GuardedForecaster,
  type GuardedForecasterOptions,
  type WeightedForecaster,
} from "./predictor/guarded-forecaster.ts";
export { initialWeights, PARAMETER_COUNT } from "./predictor/network.ts";
export {
  DEFAULT_GRADIENT_CLIP,
  DEFAULT_LEARNING_RATE,
  PREDICTOR_STATE_BYTES,
  PressurePredictor,
  type PressurePredictorOptions,
} from "./predictor/pressure-predictor.ts";
export {
  DEFAULT_WATCHDOG,
  TRIP_REASONS,
  type Trip,
  type TripReason,
  type WatchdogParameters,
  type WatchdogState,
} from "./predictor/watchdog.ts";

// Its weights and its whole state as files, and training on what was recorded.

export { joinSamples, SampleCollector } from "./predictor/sample-collector.ts";
export { shippedWeights } from "./predictor/shipped-weights.ts";
export {
  evaluateWeights,
  type SampleErrors,
  type TrainingSamples,
  type TrainOfflineOptions,
  type TrainOfflineResult,
  trainOffline,
} from "./predictor/trainer.ts";
export {
  decodeWeights,
  encodeWeights,
  loadState,
  saveState,
  WEIGHTS_SCHEMA,
  weightsFromJson,
  weightsToJson,
} from "./predictor/weights-file.ts";

// The other forecasters: models with more features, and the ensemble that picks among all of them.

export { Ensemble, type EnsembleMember, type EnsembleOptions, type Standing } from "./predictor/ensemble.ts";
export {
  createForecaster,
  FORECASTER_IDS,
  type ForecasterId,
  type ForecasterOptions,
} from "./predictor/forecasters.ts";

// Who asks: the kind of a workload, and what each tenant does and says it will do.

export {
  MOST_HINTS,
  MOST_TENANTS,
  type TenantHint,
  type TenantProfile,
  TenantProfiles,
} from "./predictor/tenant-profile.ts";
export {
  STRATEGIES,
  WORKLOAD_BATCH,
  WORKLOAD_INTERACTIVE,
  WORKLOAD_NAMES,
  WORKLOAD_REAL_TIME,
  WORKLOAD_UNKNOWN,
  WorkloadClassifier,
  type WorkloadName,
  type WorkloadStrategy,
} from "./predictor/workload-class.ts";

// What a forecast is worth: the simple baselines, and scores of any forecaster against them.

export { BASELINE_IDS, type BaselineId, createBaseline } from "./predictor/baselines/registry.ts";
export { BAND_BOUNDS, type ForecastCounts, mergeForecastCounts, type ScoreTally } from "./predictor/forecast-counts.ts";
export {
  type AlarmFigures,
  type CalibrationBin,
  type ForecastBand,
  type ForecastFigures,
  type ForecastReport,
  reportForecast,
} from "./predictor/forecast-report.ts";
export { ForecastScore, type ForecastScoreOptions } from "./predictor/forecast-score.ts";

// Scenarios: ten families of demand. A file of your own is read by `parseScenario` of "mempred/scenario-file".

export { type MeasuredLevel, measureLevel } from "./scenarios/measure-level.ts";
export { getScenario, SCENARIO_IDS } from "./scenarios/registry.ts";
export {
  DEFAULT_RATE_PER_SECOND,
  fillEndMicros,
  PRESSURE_LEVELS,
  type Scenario,
  type ScenarioOptions,
} from "./scenarios/scenario.ts";

// Recordings of real programs: text in one of nine formats to a RawTrace, and that to demand.

export {
  CLASS_UNSET,
  MOVABILITY_MOVABLE,
  MOVABILITY_PINNED,
  MOVABILITY_UNSET,
  type RawTrace,
  type TraceReader,
  type TraceTiming,
  type TraceWarning,
  type TraceWarningCode,
} from "./scenarios/trace/raw-trace.ts";
export { TRACE_FORMAT_IDS, TRACE_FORMATS, type TraceFormat } from "./scenarios/trace/registry.ts";
export { type TraceDemandOptions, traceToDemand } from "./scenarios/trace/trace-demand.ts";
export { parseTrace, TraceParser, traceName } from "./scenarios/trace/trace-parser.ts";

// The simulator: one run is a pure function of demand, policy, seed and options.

export {
  ATTACK_KINDS,
  type Attack,
  type AttackKind,
  type AttackOutcome,
  type AttackReport,
  scheduleAttacks,
} from "./sim/attacks.ts";
export { DEFAULT_COST, ZERO_COST } from "./sim/cost-model.ts";
export { type FleetOptions, type FleetOutcome, simulateFleet, type ZoneRunOptions } from "./sim/fleet.ts";
export { JOURNAL_SCHEMA } from "./sim/journal.ts";
export { defaultLimits } from "./sim/limiter.ts";
export {
  type AutonomyReport,
  type ClosedLoopReport,
  type CompactionReport,
  type Comparison,
  type Decision,
  type Interval,
  OOM_CAUSES,
  type OomCause,
  type OomReport,
  type PressureReport,
  RESULT_SCHEMA,
  type ReclaimReport,
  type ResponseReport,
  type ResultFile,
  type RunResult,
  type SuiteDescription,
  type WatchdogReport,
} from "./sim/result.ts";
export { simulate } from "./sim/simulate.ts";
export type { CostModel, JournalSink, Limits, SimulateOptions, SimulateOutcome } from "./sim/simulate-types.ts";

// Policies: what there is, and how to add one of your own. A policy registers in the thread that runs it.

export type { Arena as SimulatedArena, Machinery, ProactiveVerdict, RunPlan } from "./sim/arena.ts";
export {
  type ActionName,
  type Advice,
  type DecisionLog,
  DecisionLoop,
  STAGE_PRIORITY,
  type Stage,
  type StageName,
} from "./sim/decisions.ts";
export {
  type GuardedSignal,
  PASSIVE_POLICY,
  type Policy,
  type PolicyDefinition,
  type PolicyWorld,
} from "./sim/policies/policy.ts";
export { allPolicies, type ResolvedPolicy, registerPolicy, resolvePolicy } from "./sim/policies/registry.ts";
export { allSignals, registerSignal, type SignalDefinition, type SignalSite } from "./sim/signals.ts";

// Many runs: paired comparisons with bootstrap intervals, and verdicts against a kept baseline.

export { BASELINE_SCHEMA, type BaselineFile, type BaselineRow, runsDigest, toBaseline } from "./sim/suite/baseline.ts";
export { compareRuns, intervalOf, pairBySeed } from "./sim/suite/comparisons.ts";
export {
  type DieboldMarianoResult,
  dieboldMariano,
  type LossDifferential,
  lossDifferential,
  pooledDieboldMariano,
} from "./sim/suite/diebold-mariano.ts";
export { holmAdjust } from "./sim/suite/holm.ts";
export { metricNamed, RUN_METRICS, type RunMetric } from "./sim/suite/metrics.ts";
export {
  compareBaselines,
  type RegressionFigure,
  type RegressionReport,
  type RegressionRow,
  type RegressionVerdict,
} from "./sim/suite/regression.ts";
export { type SignFlipResult, signFlipTest } from "./sim/suite/sign-flip.ts";
export {
  BOOTSTRAP_RESAMPLES,
  CONFIDENCE_LEVEL,
  MeanBootstrap,
  mean,
  meanInterval,
  pairedDifferences,
  quantileSorted,
  standardDeviation,
} from "./sim/suite/statistics.ts";
export { gapClosed, judge, type Verdict } from "./sim/suite/verdicts.ts";

// Runs taken down: every event in columns, the heap at any moment, journals read back, and other forms for other tools.

export { type BlockView, HeapView, type ViewCounts } from "./sim/recording/heap-view.ts";
export { perfettoTrace } from "./sim/recording/perfetto.ts";
export { JournalReader, readJournal } from "./sim/recording/read-journal.ts";
export { Recording, type RecordingHeader } from "./sim/recording/recording.ts";
export { eventTable, type TableColumn, tickTable, toCsv } from "./sim/recording/tables.ts";
export { OWN_BLOCK_ID, type RunRecorder } from "./sim/run-recorder.ts";
