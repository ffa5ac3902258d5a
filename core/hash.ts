// Check values. CRC-32 (IEEE 802.3, reflected 0xEDB88320) guards files against a flipped bit; FNV-1a over 32-bit words,
// two lanes, gives the short digest that says whether two runs did the same things. Neither is cryptographic.

const crcTable = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  crcTable[i] = c >>> 0;
}

/** CRC-32 of `bytes`, an unsigned 32-bit integer. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** A running digest over integers; `hex()` gives 16 digits. Equal sequences give equal digests on every engine. */
export class Digest {
  #a = 0x811c9dc5 | 0;
  #b = 0x9747b28c | 0;

  /** Takes in an integer of magnitude < 2^53. No allocation. */
  addInteger(value: number): void {
    const low = value | 0;
    const high = Math.floor(value / 4294967296) | 0;
    this.#a = Math.imul(this.#a ^ low, 0x01000193);
    this.#a = Math.imul(this.#a ^ (this.#a >>> 15) ^ high, 0x85ebca6b);
    this.#b = Math.imul(this.#b ^ low, 0xcc9e2d51);
    this.#b = Math.imul((this.#b << 15) | (this.#b >>> 17), 5) ^ high;
  }

  /** Takes in two 32-bit words at once: the hot form. */
  addWords(first: number, second: number): void {
    this.#a = Math.imul(this.#a ^ first, 0x01000193) ^ second;
    this.#b = Math.imul(((this.#b << 13) | (this.#b >>> 19)) ^ second, 0x85ebca6b) ^ first;
  }

  /** Takes in the UTF-16 units of a text. */
  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.addInteger(text.charCodeAt(i));
  }

  hex(): string {
    const part = (x: number) => (x >>> 0).toString(16).padStart(8, "0");
    return part(this.#a ^ (this.#a >>> 13)) + part(this.#b ^ (this.#b >>> 16));
  }
}
