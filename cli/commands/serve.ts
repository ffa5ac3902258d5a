// mempred serve: the preload service on a port, until a signal ends it.

import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MempredError } from "../../core/errors.ts";
import { builtPage } from "../../io/built-page.ts";
import type { LogLevel } from "../../service/http/logger.ts";
import type { RateLimit } from "../../service/http/rate-limiter.ts";
import type { RunningService } from "../../service/run-service.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { lastRunFolder } from "../last-run.ts";
import { parseBytes, parseCount, parseDurationSeconds } from "../units.ts";
import { packageVersion } from "../version.ts";

/** Where the service keeps its items when nothing is said, in the folder that keeps the last run too. */
const DATABASE_NAME = "service.db";
const IN_MEMORY = ":memory:";
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

export async function serve(context: CommandContext): Promise<CommandOutcome> {
  const { host, settings } = context;
  const { usage } = await import("../settings.ts");
  const port = settings.get("port", (text) => parseCount(text, 0, 65_535), null);
  if (port === null) throw usage("--port is needed", "a port such as 8080, or 0 for one that is free");
  const address = settings.get("host", (text) => text.trim(), "127.0.0.1");
  if (address === "") throw usage("--host: an address is needed", "127.0.0.1 for this machine alone, or 0.0.0.0");
  const database = settings.get("db", (text) => text, join(lastRunFolder(context), DATABASE_NAME));
  const databasePath = database === IN_MEMORY ? null : resolve(host.currentFolder, database);
  const redisUrl = settings.get("redis", redisAddress, undefined);
  const cacheBytes = settings.get("cache", parseBytes, undefined);
  const rate = settings.get("rate", rateLimit, undefined);
  const addressRate = settings.get("address-rate", rateLimit, undefined);
  const deadlineMillis = settings.get("deadline", millis, undefined);
  const drainMillis = settings.get("drain", millis, undefined);
  const maxConnections = settings.get("connections", (text) => parseCount(text, 1, 1_000_000), undefined);
  const isMetricsProtected = settings.isOn("protect-metrics", false);
  const level = settings.get("log", logLevel, context.isQuiet ? "error" : "info");
  const adminToken = givenToken(context);
  if (databasePath !== null) makeFolder(dirname(databasePath));

  const { startService } = await import("../../service/serve.ts");
  const { createLogger } = await import("../../service/http/logger.ts");
  let signalled: ((signal: "SIGINT" | "SIGTERM") => void) | undefined;
  const ended = new Promise<"SIGINT" | "SIGTERM">((done) => {
    signalled = done;
  });
  let signals = 0;
  // A second signal does not wait for what is under way.
  const release = host.onSignal((signal) => {
    if (++signals > 1) process.exit(statusOf(signal));
    signalled?.(signal);
  });
  try {
    const service = await startService({
      databasePath,
      redisUrl,
      cacheBytes,
      host: address,
      port,
      adminToken,
      http: { tokenRate: rate, addressRate, deadlineMillis, isMetricsProtected },
      limits: { drainMillis, maxConnections },
      logger: createLogger(level, (line) => host.stderr.write(line)),
      version: packageVersion(),
      page: pageIfBuilt(),
    });
    announce(context, service, databasePath);
    const signal = await Promise.race([ended, laterAdmin(context, service)]);
    context.note(`mempred: ${signal}: ending; what is under way is answered`);
    await service.stop();
    return { status: statusOf(signal), text: "" };
  } finally {
    release();
  }
}

/** The result of this command is that it listens: it is told at once, and not when the command ends. */
function announce(context: CommandContext, { url, adminToken }: RunningService, databasePath: string | null): void {
  const lines = [`mempred serve: ${url}`];
  if (adminToken !== null) lines.push(tokenLine(adminToken));
  context.host.stdout.write(`${lines.join("\n")}\n`);
  context.note(
    databasePath === null
      ? "mempred: items are kept in memory alone and are gone at the end (--db FILE keeps them)"
      : `mempred: items are kept in ${databasePath}`,
  );
}

/** The service runs without the page; a build that failed halfway is no reason to keep items from anyone. */
function pageIfBuilt(): string | null {
  try {
    return builtPage();
  } catch {
    return null;
  }
}

/** Tells the token that is made when the store can be had at last. Never resolves; rejects when the token that was given is none. */
async function laterAdmin({ host }: CommandContext, service: RunningService): Promise<never> {
  const token = await service.adminReady.catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  if (token !== null && token !== service.adminToken) host.stdout.write(`${tokenLine(token)}\n`);
  return new Promise(() => {});
}

function tokenLine(token: string): string {
  return `admin token, shown this once: ${token}`;
}

/** From a file or the environment; never from a flag, which every process of the machine could read. */
function givenToken({ host, settings }: CommandContext): string | undefined {
  const path = settings.get("admin-token-file", (text) => resolve(host.currentFolder, text), null);
  if (path === null) return host.environment["MEMPRED_ADMIN_TOKEN"]?.trim() || undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
    throw new MempredError("NOT_FOUND", `the admin token's file ${path} ${why}`, { file: path }, error);
  }
  if (text === "")
    throw new MempredError("INVALID_INPUT", `${path} is empty`, { file: path, expected: "a token, mp_..." });
  return text;
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new MempredError("NOT_WRITABLE", `${path} cannot be made (${code})`, { file: path }, error);
  }
}

/** "200", or "200/400" with the burst; 0: no limit. */
function rateLimit(text: string): RateLimit {
  const match = /^(\d+(?:\.\d+)?)(?:\/(\d+))?$/.exec(text.trim());
  const perSecond = Number(match?.[1]);
  const burst = match?.[2] === undefined ? Math.max(1, Math.ceil(2 * perSecond)) : Number(match[2]);
  if (match === null || perSecond > 1e9 || burst < 1 || burst > 1e9)
    throw new MempredError("INVALID_INPUT", `"${text}" is no rate`, {
      expected: "requests a second such as 200, or 200/400 with so many at once; 0 for no limit",
    });
  return perSecond === 0 ? { perSecond: Infinity, burst: 1 } : { perSecond, burst };
}

function redisAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "")
    throw new MempredError("INVALID_INPUT", "that is no address of a Redis server", {
      expected: "redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss://",
    });
  return text;
}

function logLevel(text: string): LogLevel {
  const level = LEVELS.find((one) => one === text);
  if (level === undefined)
    throw new MempredError("INVALID_INPUT", `"${text}" is no level`, { expected: LEVELS.join(", ") });
  return level;
}

function millis(text: string): number {
  return Math.round(parseDurationSeconds(text) * 1000);
}

function statusOf(signal: "SIGINT" | "SIGTERM"): number {
  return signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM;
}
