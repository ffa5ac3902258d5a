// A heap by hand: fill it, free every other block, and see that half of the bytes are free and yet no larger block fits.
// Then compact in small steps. Blocks move; handles and contents do not change.
//
// npx tsx examples/heap-by-hand.ts

import { checkHeap, createCompactor, Heap, NO_HANDLE } from "mempred";

const heap = new Heap({ capacityBytes: 16_384, referenceLengthBytes: 1024 });
const handles: number[] = [];
for (;;) {
  const handle = heap.allocate(248); // 256 bytes with its header
  if (handle === NO_HANDLE) break;
  heap.view(handle).fill(handles.length);
  handles.push(handle);
}
console.log(`full: ${handles.length} blocks, ${heap.freeBytes} B free`);

handles.forEach((handle, i) => {
  if (i % 2 === 1) heap.free(handle);
});
const survivors = handles.filter((handle) => heap.isLive(handle));
const isRefused = heap.allocate(1000) === NO_HANDLE;
console.log(`fragmented: ${heap.freeBytes} B free in ${heap.holeCount} holes, largest ${heap.largestHole()} B`);
console.log(`1000 B: ${isRefused ? "refused" : "placed"}, effective pressure ${heap.effectivePressureRatio()}`);

const compactor = createCompactor("slide", heap);
compactor.begin(1008, Infinity);
let steps = 0;
while (compactor.step(1024) > 0) steps++; // anyone may allocate and free between two steps
console.log(`compacted: ${compactor.movedBytes} B moved in ${steps} steps, ${heap.holeCount} hole`);

const isPlaced = heap.allocate(1000) !== NO_HANDLE;
const areIntact = survivors.every((handle, i) => heap.view(handle).every((byte) => byte === 2 * i));
console.log(`1000 B: ${isPlaced ? "placed" : "refused"}, contents ${areIntact ? "intact" : "damaged"}`);
console.log(`integrity: ${checkHeap(heap).length} violations`);
