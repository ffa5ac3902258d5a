// `mempred/preload`: the component preloader for Node programs, and its parts.

export { DEFAULT_POLICY_ID } from "../../cache/policies/registry.ts";
export { type GovernorOptions, type LevelChange, PressureGovernor } from "../../cache/pressure-governor.ts";
export { type ErrorCode, type ErrorDetails, MempredError } from "../../core/errors.ts";
export {
  PRESSURE_LEVELS,
  type PressureLevel,
  type PressureReading,
  type PressureSource,
  type PressureTenant,
} from "../../core/pressure.ts";
export {
  type HitFigures,
  PreloadAccounting,
  type PreloadAccountingOptions,
  type PreloadFigures,
  type SettledPreload,
} from "../../preload/accounting.ts";
export {
  LEVEL_PLANS,
  type LevelPlan,
  PreloadAdaptation,
  type PreloadAdaptationOptions,
} from "../../preload/adaptation.ts";
export {
  type ComponentCost,
  type ComponentRequest,
  type ExpectedComponent,
  type NextComponentModel,
  type PreloadOutcome,
  type PreloadRouter,
  QUEUE_NAMES,
  type QueueName,
} from "../../preload/contract.ts";
export { ConflictRules } from "../../preload/graph/conflict-rules.ts";
export { DependencyGraph, type DependencyGraphOptions } from "../../preload/graph/dependency-graph.ts";
export {
  type LoadPlan,
  type PlannedLoad,
  type PlanOptions,
  planLoads,
  type Urgency,
  type WantedComponent,
} from "../../preload/graph/plan-loads.ts";
export type { LeftOut, LeftOutReason } from "../../preload/graph/resolve-conflicts.ts";
export {
  type Lease,
  LeaseBook,
  type LeaseBookOptions,
  type LeaseCounts,
  type LeaseRequest,
  type LeaseState,
} from "../../preload/lease-book.ts";
export type { NextComponentPredictorOptions } from "../../preload/model/model-options.ts";
export { NextComponentPredictor } from "../../preload/model/next-component-predictor.ts";
export {
  PRELOAD_MODEL_SCHEMA,
  predictorFromJson,
  predictorToJson,
} from "../../preload/model/predictor-document.ts";
export {
  DEFAULT_PLACES,
  type OfferAnswer,
  type PreloadEntry,
  PreloadQueues,
  type PreloadRequest,
  type QueueOrder,
} from "../../preload/queue.ts";
export { ByteRing } from "../../preload/ring/byte-ring.ts";
export { IntRing } from "../../preload/ring/int-ring.ts";
export { BenefitRouter, type BenefitRouterOptions } from "../../preload/routers/benefit.ts";
export { type RouterFigures, ThresholdRouter, type ThresholdRouterOptions } from "../../preload/routers/thresholds.ts";
export { type AttachedPressure, type AttachOptions, attachPressure } from "../pressure/attach.ts";
export { DEFAULT_MAX_SIZE } from "./component-cache.ts";
export { ComponentPreloader } from "./component-preloader.ts";
export {
  type ComponentContext,
  DependencyLoader,
  type DependencyLoaderOptions,
  type LoadOutcome,
} from "./dependency-loader.ts";
export { type DropReason, SCHEDULED } from "./load-ahead.ts";
export {
  PRELOAD_LOAD_CHANNEL,
  PRELOAD_OUTCOME_CHANNEL,
  PRELOAD_PRESSURE_CHANNEL,
  PRELOAD_QUEUE_CHANNEL,
  PRELOAD_REQUEST_CHANNEL,
  PRELOAD_TROUBLE_CHANNEL,
} from "./preload-events.ts";
export type {
  CloseReport,
  ComponentGetOptions,
  ComponentLoadRequest,
  ComponentPreloaderOptions,
  OutcomeListener,
  RequestListener,
  RequestOutcome,
  ScheduleAnswer,
  ScheduleOptions,
  ScheduleRefusal,
} from "./preloader-options.ts";
export type {
  ComponentPreloaderStatistics,
  MemoryFigures,
  QueueFigures,
  ResponseFigures,
} from "./preloader-statistics.ts";
export { type FeedCounts, RequestFeed, type RequestFeedOptions, RequestTeller } from "./request-feed.ts";
