// The package's "mempred/service": the preload service inside a program of one's own.

export type { PreloadEngine, PreloadRun, PreloadStatus, RankedItem, Retrieval } from "./engine/preload-engine.ts";
export type { PartHealth } from "./health.ts";
export { type AppParts, createApp, type RequestEnvironment, type ServiceApp } from "./http/app.ts";
export { createLogger, type Logger, type LogLevel } from "./http/logger.ts";
export { HTTP_DEFAULTS, type HttpOptions, SERVER_DEFAULTS, type ServerLimits } from "./http/options.ts";
export type { RateLimit } from "./http/rate-limiter.ts";
export type { Identity } from "./identity.ts";
export type { Item, ItemDraft } from "./item.ts";
export { DEFAULT_CONFIG, type PreloadConfig } from "./preload-config.ts";
export { type RunningService, type RunOptions, runService } from "./run-service.ts";
export { type ServeOptions, startService } from "./serve.ts";
export type { ItemStore } from "./store/item-store.ts";
