// The text of a file, unpacked where it is gzip.

const MOST_BYTES = 256 * 1024 * 1024;

/** Errors: with a message for the reader, when it is too large, damaged or no text. */
export async function readText(file: Blob): Promise<string> {
  if (file.size > MOST_BYTES) throw new Error("it is larger than 256 MiB");
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  let bytes: ArrayBuffer;
  try {
    bytes = isPacked
      ? await new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer()
      : await file.arrayBuffer();
  } catch {
    throw new Error("it is damaged: gzip ends early or does not fit its checksum");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("it is not text");
  }
}

/** The bytes of base64 as a blob. */
export function blobOf(base64: string): Blob {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
}
