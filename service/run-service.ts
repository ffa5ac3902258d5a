// The parts of the service as one running thing: the first admin, the port, and an end in the right order.

import { MempredError } from "../core/errors.ts";
import { sleep } from "../live/sleep.ts";
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
  /** The live page as HTML, offered at "/"; null: none. */
  readonly page?: string | null | undefined;
}

export interface RunningService {
  /** "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  /** Made at the first start, to be told once; null: there is an admin already, or it is not known yet. */
  readonly adminToken: string | null;
  /** The same once the store could be asked: it may be locked when the service starts. Rejects for a given token that is none. */
  readonly adminReady: Promise<string | null>;
  /** Answers what is under way, ends the preloading, closes store and cache. The second call waits for the first. */
  stop(): Promise<void>;
}

/** How long after a store that does not answer it is asked again for its admin. */
const ADMIN_RETRY_MILLIS = 250;

/**
 * Throws ADDRESS_UNAVAILABLE, INVALID_INPUT, and what the store throws but BACKEND_UNAVAILABLE: a store that is locked is waited for, and
 * requests are told meanwhile. What was given is closed then.
 */
export async function runService(options: RunOptions): Promise<RunningService> {
  const { store, engine, logger = SILENT, port, host = "127.0.0.1" } = options;
  const app = createApp({ store, engine, options: options.http, logger, version: options.version, page: options.page });
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
    const ending = new AbortController();
    const admin = await firstAdmin(options, ending.signal);
    engine.start();
    logger.info({ url: listening.url }, "listening");
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      logger.info({}, "stopping");
      ending.abort();
      const cutOff = await listening.close();
      if (cutOff > 0) logger.warn({ requests: cutOff }, "cut off");
      await closeParts();
      logger.info({}, "stopped");
    };
    const { token: adminToken, ready: adminReady } = admin;
    const { url } = listening;
    return { url, port: listening.port, adminToken, adminReady, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await server?.close();
    await closeParts().catch(() => {});
    throw error;
  }
}

/** The admin at once, or later where the store is not to be had: then it is asked again until the service ends. */
async function firstAdmin(
  { store, adminToken, logger = SILENT }: RunOptions,
  ending: AbortSignal,
): Promise<{ readonly token: string | null; readonly ready: Promise<string | null> }> {
  const attempt = async (): Promise<{ readonly token: string | null } | undefined> => {
    try {
      return { token: await ensureAdmin(store, Date.now(), adminToken) };
    } catch (error) {
      if (error instanceof MempredError && error.code === "BACKEND_UNAVAILABLE") return undefined;
      throw error;
    }
  };
  const first = await attempt();
  if (first !== undefined) return { token: first.token, ready: Promise.resolve(first.token) };
  logger.warn({}, "the store does not answer: waiting for it");
  const again = async (): Promise<string | null> => {
    while (!ending.aborted) {
      const isTime = await sleep(ADMIN_RETRY_MILLIS, ending).catch(() => false);
      const made = isTime ? await attempt() : undefined;
      if (made !== undefined) return made.token;
    }
    return null;
  };
  const ready = again();
  ready.catch(() => {}); // whoever wants to know asks
  return { token: null, ready };
}
