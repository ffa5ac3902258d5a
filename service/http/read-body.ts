// The bytes of a request's body: never more than the limit, never waited for longer than the limit.

import { Problem } from "./problem.ts";

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json *(?:; *charset *= *"?utf-8"? *)?$/i;

export interface BodyLimits {
  readonly maxBytes: number;
  readonly maxMillis: number;
}

/**
 * The body's bytes; empty when there is none. Throws a Problem: "unsupported-media-type" for a body that is not declared as JSON,
 * "body-too-large", "request-timeout", "invalid-request" when it broke off.
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { headers } = request;
  const declared = headers.get("content-length");
  const length = declared === null ? null : Number(declared);
  if (length !== null && length > limits.maxBytes) throw tooLarge(limits.maxBytes);
  if (headers.get("content-encoding") !== null && headers.get("content-encoding") !== "identity")
    throw new Problem("unsupported-media-type", "Bodies are not to be compressed.");
  const bytes = await within(limits.maxMillis, () =>
    length === null ? readCounted(request, limits) : readAll(request),
  );
  if (bytes.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
  if (bytes.length > 0 && !JSON_TYPE.test(headers.get("content-type") ?? ""))
    throw new Problem("unsupported-media-type", "Send the body with Content-Type: application/json.");
  return bytes;
}

async function readAll(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    throw brokenOff();
  }
}

/** Of unknown length: counted as it comes. */
async function readCounted(request: Request, { maxBytes }: BodyLimits): Promise<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    let chunk: { done: boolean; value?: Uint8Array | undefined };
    try {
      chunk = await reader.read();
    } catch {
      throw brokenOff();
    }
    if (chunk.done || chunk.value === undefined) break;
    size += chunk.value.length;
    if (size > maxBytes) {
      reader.cancel().catch(() => {});
      throw tooLarge(maxBytes);
    }
    chunks.push(chunk.value);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

async function within<T>(millis: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const headers = { connection: "close" };
      reject(new Problem("request-timeout", `The body did not arrive within ${millis} ms.`, { headers }));
    }, millis);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("body-too-large", `A body has at most ${maxBytes} bytes.`, { headers: { connection: "close" } });
}

function brokenOff(): Problem {
  return new Problem("invalid-request", "The body broke off.", { headers: { connection: "close" } });
}
