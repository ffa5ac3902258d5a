// The parts of the service as one running thing: the first admin, the port, and an end in the right order.

import { ensureAdmin } from "./bootstrap.ts";
import type { PreloadEngine } from "./engine/preload-engine.ts";
import { createApp } from "./http/app.ts";
import { type Logger, SILENT } from "./http/logger.ts";
import type { HttpOptions, ServerLimits } from "./http/options.ts";
import { listen, type RunningServer } from "./http/server.ts";
import type { ItemStore } from "./store/item-store.ts";

export interface RunOptions {
  readonly store: ItemStore;
  readonly engine: PreloadEngine;
  /** Closes what the engine stands on, after the store is closed. */
  readonly closeCache?: (() => Promise<void>) | undefined;
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string | undefined;
  /** 0: one that is free. */
  readonly port: number;
  /** Token of an admin, from the operator; see ensureAdmin. */
  readonly adminToken?: string | undefined;
  readonly http?: HttpOptions | undefined;
  readonly limits?: ServerLimits | undefined;
  readonly logger?: Logger | undefined;
  readonly version?: string | undefined;
}

export interface RunningService {
  /** "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  /** Made at the first start, to be told once; null: there is an admin already. */
  readonly adminToken: string | null;
  /** Answers what is under way, ends the preloading, closes store and cache. The second call waits for the first. */
  stop(): Promise<void>;
}

/** Throws ADDRESS_UNAVAILABLE, INVALID_INPUT, and what the store throws. What was given is closed then. */
export async function runService(options: RunOptions): Promise<RunningService> {
  const { store, engine, logger = SILENT, port, host = "127.0.0.1" } = options;
  const app = createApp({ store, engine, options: options.http, logger, version: options.version });
  const closeParts = async () => {
    try {
      await engine.stop();
    } finally {
      try {
        await store.close();
      } finally {
        await options.closeCache?.();
      }
    }
  };
  let server: RunningServer | undefined;
  try {
    // The port first: a token that is made before may never be told.
    const listening = await listen(app, { host, port, limits: options.limits });
    server = listening;
    const adminToken = await ensureAdmin(store, Date.now(), options.adminToken);
    engine.start();
    logger.info({ url: listening.url }, "listening");
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      logger.info({}, "stopping");
      const cutOff = await listening.close();
      if (cutOff > 0) logger.warn({ requests: cutOff }, "cut off");
      await closeParts();
      logger.info({}, "stopped");
    };
    return { url: listening.url, port: listening.port, adminToken, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await server?.close();
    await closeParts().catch(() => {});
    throw error;
  }
}
