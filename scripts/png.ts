// A PNG of 8 bit RGB, as the browser's screenshots are, written anew without filters and packed as tightly as zlib does: pictures
// of flat areas get smaller by a fifth, and not a pixel changes. After the PNG specification (W3C, third edition), sections 5 and 9.

import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE_BYTES = 8;
/** Bytes of a pixel: red, green, blue. */
const PIXEL_BYTES = 3;

/** Errors: it is no such PNG. Cost: a pass over the pixels. */
export function packPng(png: Buffer): Buffer {
  const chunks = chunksOf(png);
  const header = chunks.find(({ type }) => type === "IHDR")?.data;
  if (header === undefined || header.readUInt8(8) !== 8 || header.readUInt8(9) !== 2 || header.readUInt8(12) !== 0)
    throw new Error("not a PNG of 8 bit RGB, not interlaced");
  const rowBytes = header.readUInt32BE(0) * PIXEL_BYTES;
  const data = inflateSync(Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data)));
  unfilter(data, rowBytes);
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(data, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunksOf(png: Buffer): Chunk[] {
  const found: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at);
    found.push({ type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** In place: each row becomes filter 0 and the pixels themselves. */
function unfilter(data: Buffer, rowBytes: number): void {
  const stride = rowBytes + 1;
  for (let row = 0; row < data.length; row += stride) {
    const filter = data[row]!;
    data[row] = 0;
    for (let at = row + 1; at < row + stride; at++) {
      const hasLeft = at - row > PIXEL_BYTES;
      const left = hasLeft ? data[at - PIXEL_BYTES]! : 0;
      const above = row > 0 ? data[at - stride]! : 0;
      const corner = row > 0 && hasLeft ? data[at - stride - PIXEL_BYTES]! : 0;
      data[at] = (data[at]! + predicted(filter, left, above, corner)) & 255;
    }
  }
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
