// `mempred/cache`: the caches for Node programs.

export type { MarkovModelOptions } from "../cache/markov-model.ts";
export {
  type CachePolicy,
  type CachePolicyDefinition,
  type CachePolicyOptions,
  NO_KEY,
  NO_SLOT,
} from "../cache/policies/policy.ts";
export { CACHE_POLICIES, cachePolicy, DEFAULT_POLICY_ID } from "../cache/policies/registry.ts";
export type { PredictionFigures } from "../cache/prediction-score.ts";
export type { PrefetchFigures, PrefetchGateOptions } from "../cache/prefetch-gate.ts";
export { DEFAULT_RULES, type GovernorOptions, type LevelChange, PressureGovernor } from "../cache/pressure-governor.ts";
export { PressureLink } from "../cache/pressure-link.ts";
export type { RefusalReason, RemovalReason } from "../cache/store-statistics.ts";
export { type ErrorCode, type ErrorDetails, MempredError } from "../core/errors.ts";
export {
  PRESSURE_LEVELS,
  type PressureLevel,
  type PressureReading,
  type PressureSource,
  type PressureTenant,
} from "../core/pressure.ts";
export { type CacheBackend, type Lease, MAX_KEY_BYTES, type StoredEntry } from "./backends/backend.ts";
export { type LoadedEntry, type LoadOnceOptions, loadOnce } from "./backends/load-once.ts";
export { type OpenBackendOptions, openBackend } from "./backends/open-backend.ts";
export {
  GET_CHANNEL,
  LOAD_CHANNEL,
  PRESSURE_CHANNEL,
  REMOVE_CHANNEL,
  SET_CHANNEL,
  TROUBLE_CHANNEL,
} from "./cache-events.ts";
export type { SnapshotReport } from "./cache-snapshot.ts";
export type { SmartCacheStatistics } from "./cache-statistics.ts";
export { jsonCodec, structuredCodec, type ValueCodec } from "./codec.ts";
export {
  ComponentLoader,
  type ComponentLoaderOptions,
  type ComponentStatistics,
  type LoadOptions,
  type PreloadResult,
} from "./components/component-loader.ts";
export { estimateBytes } from "./estimate-bytes.ts";
export type { LoaderMatch } from "./loader-table.ts";
export { type AttachedPressure, type AttachOptions, attachPressure } from "./pressure/attach.ts";
export { ProcessSource, type ProcessSourceOptions } from "./pressure/process-source.ts";
export type { RefresherOptions, RefreshReport } from "./refresher.ts";
export { type MeasuredCache, registerMetrics } from "./register-metrics.ts";
export { type DemandListener, type DemandOutcome, type ShutdownReport, SmartCache } from "./smart-cache.ts";
export {
  DEFAULT_MAX,
  DEFAULT_TTL,
  DEFAULT_TTL_BY_TYPE,
  type DisposeReason,
  type GetOptions,
  type GetOrSetOptions,
  type Loader,
  type LoadRequest,
  type SetOptions,
  type SmartCacheOptions,
} from "./smart-cache-options.ts";
export type {
  PredictedKey,
  PredictionOptions,
  PredictionStatistics,
  PrefetchReport,
  WarmOptions,
  WarmReport,
} from "./smart-prediction.ts";
export type { WarmUpOptions, WarmUpReport } from "./warm-up.ts";
