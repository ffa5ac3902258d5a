// The heap as a picture: one small square a granule, row by row from address 0. States differ in pattern as well as in colour,
// a block begins with a darker edge, and what was moved a moment ago is ringed.

import { EVENT_MOVE } from "../../sim/recording/columns.ts";
import { CELL_NAMES, CELL_OWN, FREE_ID, type HeapView } from "../../sim/recording/heap-view.ts";

/** Pixels of a square's side. */
const SIDE = 4;
/** Squares in a row. */
export const MAP_COLUMNS = 200;
/** A larger heap shows each n-th granule only. */
const MOST_CELLS = 12_800;
/** Pixels of a square that are in the second colour, by state: free a dot, used none, pinned a cross, cache bars, predictor a ring. */
const PATTERNS = [
  "....|....|..x.|....",
  "....|....|....|....",
  "x..x|.xx.|.xx.|x..x",
  "xxxx|....|xxxx|....",
  "xxxx|x..x|x..x|xxxx",
];
const MOVED = CELL_NAMES.length;

/** Two colours of each state, then those of a moved square: CSS hexadecimal. */
export type MapColours = readonly (readonly [ground: string, ink: string])[];

export class HeapMap {
  readonly view: HeapView;
  readonly width = MAP_COLUMNS * SIDE;
  readonly height: number;
  /** Granules that a square stands for; the first of them is shown. */
  readonly step: number;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;
  readonly #cellCount: number;
  readonly #isMoved: Uint8Array;
  #colours: MapColours | null = null;
  #squares: Uint32Array[] = [];

  constructor(view: HeapView) {
    this.view = view;
    this.step = Math.ceil(view.granuleCount / MOST_CELLS);
    this.#cellCount = Math.ceil(view.granuleCount / this.step);
    this.height = Math.ceil(this.#cellCount / MAP_COLUMNS) * SIDE;
    this.#image = new ImageData(this.width, this.height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#isMoved = new Uint8Array(view.granuleCount);
  }

  /** Two squares a state: as the beginning of a block, and as its middle. */
  setColours(colours: MapColours): void {
    if (colours === this.#colours) return;
    this.#colours = colours;
    this.#squares = [];
    for (let state = 0; state <= MOVED; state++) {
      const [ground, ink] = colours[state]!.map(pixelOf) as [number, number];
      const pattern = (state === MOVED ? "xxxx|x..x|x..x|xxxx" : PATTERNS[state]!).replaceAll("|", "");
      const middle = Uint32Array.from(pattern, (mark) => (mark === "x" ? ink : ground));
      const first = middle.map((pixel, i) => (i % SIDE === 0 && state !== 0 ? pixelOf(colours[CELL_OWN]![1]) : pixel));
      this.#squares.push(first, middle);
    }
  }

  /** Draws the view as it is. @param flashMicros for so long a moved block is ringed; 0: not at all */
  paint(context: CanvasRenderingContext2D, flashMicros: number): void {
    const { owners, cells, granuleCount } = this.view;
    this.#markMoved(flashMicros);
    for (let cell = 0; cell < this.#cellCount; cell++) {
      const at = cell * this.step;
      if (at >= granuleCount) break;
      const state = this.#isMoved[at] === 1 ? MOVED : cells[at]!;
      const isFirst = owners[at] !== FREE_ID && (at === 0 || owners[at - this.step] !== owners[at]);
      this.#square(cell, this.#squares[2 * state + (isFirst ? 0 : 1)]!);
    }
    context.putImageData(this.#image, 0, 0);
  }

  /** The granule under a point of the picture, in pixels of it; −1: none. */
  granuleAt(x: number, y: number): number {
    const [column, row] = [Math.floor(x / SIDE), Math.floor(y / SIDE)];
    const granule = (row * MAP_COLUMNS + column) * this.step;
    return column >= 0 && column < MAP_COLUMNS && granule >= 0 && granule < this.view.granuleCount ? granule : -1;
  }

  #markMoved(flashMicros: number): void {
    this.#isMoved.fill(0);
    if (flashMicros <= 0) return;
    const { recording, micros, blocks } = this.view;
    const { events, header } = recording;
    for (let row = recording.eventsUntil(micros) - 1; row >= 0; row--) {
      if (events.micros[row]! < micros - flashMicros) break;
      if (events.kind[row] !== EVENT_MOVE) continue;
      const block = blocks.get(events.id[row]!);
      if (block === undefined || block.at !== events.to[row]) continue;
      const first = block.at / header.granuleBytes;
      this.#isMoved.fill(1, first, first + block.length / header.granuleBytes);
    }
  }

  #square(cell: number, pixels: Uint32Array): void {
    let at = Math.floor(cell / MAP_COLUMNS) * SIDE * this.width + (cell % MAP_COLUMNS) * SIDE;
    for (let i = 0; i < SIDE * SIDE; i += SIDE, at += this.width) {
      this.#pixels[at] = pixels[i]!;
      this.#pixels[at + 1] = pixels[i + 1]!;
      this.#pixels[at + 2] = pixels[i + 2]!;
      this.#pixels[at + 3] = pixels[i + 3]!;
    }
  }
}

/** "#rrggbb", or "#rgb" for short, as a pixel of ImageData, little endian. */
function pixelOf(colour: string): number {
  const digits = colour.slice(1);
  const value = Number.parseInt(digits.length === 3 ? digits.replace(/./g, "$&$&") : digits, 16);
  return (0xff000000 | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
