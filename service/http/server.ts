// The app on a port: Node's HTTP server with limits that its defaults lack, the same problems for what is not HTTP as for what is, and
// an end at which every request that is under way gets its answer.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { MempredError } from "../../core/errors.ts";
import type { ServiceApp } from "./app.ts";
import { SERVER_DEFAULTS, type ServerLimits } from "./options.ts";
import { Problem, problemDocument, problemHeaders, problemResponse } from "./problem.ts";

/** How often connections that have dawdled are looked for; Node's default is 30 s. */
const CHECK_MILLIS = 250;
const IDLE_CHECK_MILLIS = 20;

export interface RunningServer {
  /** "http://127.0.0.1:8080". */
  readonly url: string;
  readonly port: number;
  /** Takes no more connections, answers what is under way, and after the limit closes what is left. @returns requests cut off */
  close(): Promise<number>;
}

/** Listens. Throws ADDRESS_UNAVAILABLE. @param port 0: one that is free */
export async function listen(
  app: ServiceApp,
  { host, port, limits = {} }: { host: string; port: number; limits?: ServerLimits | undefined },
): Promise<RunningServer> {
  const of = { ...SERVER_DEFAULTS, ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value)) };
  let isClosing = false;
  /** Answers under way. */
  const underWay = new Set<ServerResponse>();
  /** Connections, and how many answers each waits for. */
  const waiting = new Map<Duplex, number>();
  const respond = getRequestListener((request, environment) => app.fetch(request, environment as never), {
    hostname: "localhost",
    errorHandler: () => {
      const problem = new Problem("invalid-request", "The address or a header of the request is not as it should be.");
      app.refused(problem);
      return problemResponse(problem);
    },
  });
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    underWay.add(outgoing);
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1);
    outgoing.once("close", () => {
      underWay.delete(outgoing);
      if (waiting.has(socket)) waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
    });
    if (isClosing) outgoing.setHeader("connection", "close");
    if (incoming.headers.host === undefined && incoming.httpVersion !== "1.0") {
      endAnswer(app, outgoing, new Problem("invalid-request", "The request has no Host."));
      return;
    }
    void respond(incoming, outgoing);
  };
  const server = createServer(
    {
      maxHeaderSize: of.maxHeaderBytes,
      headersTimeout: of.headersMillis,
      requestTimeout: of.requestMillis,
      keepAliveTimeout: of.keepAliveMillis,
      connectionsCheckingInterval: CHECK_MILLIS,
      insecureHTTPParser: false,
      requireHostHeader: false,
      noDelay: true,
    },
    listener,
  );
  server.maxConnections = of.maxConnections;
  server.on("connection", (socket) => {
    waiting.set(socket, 0);
    socket.once("close", () => waiting.delete(socket));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuse(app, error, socket));
  // CONNECT, Upgrade and Expect with something else than 100-continue: nobody needs them here.
  server.on("connect", (_request, socket) => endWith(app, socket, noMethod()));
  server.on("checkExpectation", (_request, outgoing: ServerResponse) =>
    endAnswer(app, outgoing, new Problem("invalid-request", "That expectation cannot be met.")),
  );
  const address = await bind(server, host, port);
  return {
    url: `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    async close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const outgoing of underWay) if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
      // Node's own closeIdleConnections leaves those that never asked anything.
      const closeIdle = () => {
        for (const [socket, count] of waiting) if (count === 0) socket.destroy();
      };
      closeIdle();
      const idle = setInterval(closeIdle, IDLE_CHECK_MILLIS);
      let cutOff = 0;
      const limit = setTimeout(() => {
        cutOff = underWay.size;
        server.closeAllConnections();
      }, of.drainMillis);
      await closed;
      clearInterval(idle);
      clearTimeout(limit);
      return cutOff;
    },
  };
}

async function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "something listens there already"
          : error.code === "EACCES"
            ? "this user may not listen there"
            : `it cannot be listened on (${error.code ?? "unknown"})`;
      const details = { expected: "a free port of this machine, or 0 for any" };
      reject(new MempredError("ADDRESS_UNAVAILABLE", `${host}:${port}: ${why}`, details, error));
    });
    server.listen(port, host, resolve);
  });
  return server.address() as AddressInfo;
}

/** Sockets that have their last words: what else comes on them is not looked at. */
const ended = new WeakSet<Duplex>();
/** How long a client has to read them. */
const LAST_WORDS_MILLIS = 500;

/** What is not HTTP, too large, or too slow; Node has no request for it. */
function refuse(app: ServiceApp, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (ended.has(socket)) return;
  const { _httpMessage: answer } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null };
  if (error.code === "ECONNRESET" || !socket.writable || answer?.headersSent === true) {
    socket.destroy();
    return;
  }
  endWith(app, socket, problemOfClient(error.code));
}

function problemOfClient(code: string | undefined): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return new Problem("headers-too-large", "The headers are larger than is read.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new Problem("request-timeout", "The request took too long to arrive.");
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return new Problem("body-too-large", "The chunks say too much.");
  return new Problem("invalid-request", "This is not HTTP/1.1.");
}

function noMethod(): Problem {
  return new Problem("method-not-allowed", "CONNECT is for proxies.", { headers: { allow: "GET, HEAD, POST" } });
}

function endAnswer(app: ServiceApp, outgoing: ServerResponse, problem: Problem): void {
  app.refused(problem);
  const body = JSON.stringify(problemDocument(problem));
  const headers = { ...problemHeaders(problem), "content-length": Buffer.byteLength(body), connection: "close" };
  outgoing.writeHead(problem.status, headers).end(body);
}

function endWith(app: ServiceApp, socket: Duplex, problem: Problem): void {
  app.refused(problem);
  ended.add(socket);
  const body = JSON.stringify(problemDocument(problem));
  const headers = {
    ...problemHeaders(problem),
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`);
  setTimeout(() => socket.destroy(), LAST_WORDS_MILLIS).unref();
}
