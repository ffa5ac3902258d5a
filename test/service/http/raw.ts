// Bytes to a port and what comes back, for what no HTTP client would send.

import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** All that came. */
  readonly text: string;
}

/**
 * Sends `parts` one by one and gives what came until the server closed, or until an answer was whole.
 * @param gapMillis between parts
 */
export function sendRaw(port: number, parts: readonly (string | Uint8Array)[], gapMillis = 0): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const finish = () => {
      socket.destroy();
      resolve(parseAnswer(text));
    };
    socket.setTimeout(20_000, () => {
      socket.destroy();
      reject(new Error(`no answer in 20 s to ${JSON.stringify(parts).slice(0, 200)}; came: ${text.slice(0, 200)}`));
    });
    socket.on("error", () => {}).on("close", finish);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (isWhole(text)) finish();
    });
    socket.on("connect", async () => {
      for (const part of parts) {
        if (socket.writable) socket.write(part);
        if (gapMillis > 0) await new Promise((next) => setTimeout(next, gapMillis));
      }
    });
  });
}

export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first.split(" ")[1] ?? 0), headers, body: text.slice(end + 4), text };
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return length !== undefined && text.length >= end + 4 + Number(length);
}
