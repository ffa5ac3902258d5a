// A heap and its counters at the moment. By pointer or by arrow keys one asks what lies where; Enter or a click puts a burst into
// the demand at this moment.

import { effect, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatBytes, formatMoment } from "../../cli/render/format.ts";
import { CLASS_NAMES } from "../../core/demand.ts";
import { CELL_NAMES } from "../../sim/recording/heap-view.ts";
import { injectBurst } from "../actions.ts";
import { HeapMap, MAP_COLUMNS } from "../draw/heap-map.ts";
import { isPlaying, message, moment, type Side, shownFile, speed } from "../state.ts";
import { isMotionReduced, mapColours } from "../theme.ts";
import { Counters } from "./counters.tsx";
import { DataTable } from "./data-table.tsx";

/** Wall-clock ms for which a moved block is ringed while it plays. */
const FLASH_MILLIS = 250;
/** The same while it stands, in virtual µs. */
const STILL_FLASH_MICROS = 50_000;
const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -MAP_COLUMNS,
  ArrowDown: MAP_COLUMNS,
};

export function HeapPanel({ side }: { readonly side: Side }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointed = useSignal("");
  const map = useRef<HeapMap | null>(null);
  const cursor = useRef(0);
  useLayoutEffect(
    () =>
      effect(() => {
        side.version.value;
        const context = canvas.current!.getContext("2d")!;
        if (side.view === null) {
          map.current = null;
          context.clearRect(0, 0, canvas.current!.width, canvas.current!.height);
          return;
        }
        if (map.current?.view !== side.view) map.current = new HeapMap(side.view);
        const { width, height } = map.current;
        if (canvas.current!.width !== width || canvas.current!.height !== height)
          Object.assign(canvas.current!, { width, height });
        map.current.setColours(mapColours.value);
        paint(side, map.current, context);
      }),
    [side],
  );
  const tell = (granule: number): void => {
    pointed.value = map.current === null || granule < 0 ? "" : describe(map.current, granule);
  };
  const point = (event: PointerEvent): void => {
    const box = canvas.current!.getBoundingClientRect();
    const scale = canvas.current!.width / box.width;
    tell(map.current?.granuleAt((event.clientX - box.left) * scale, (event.clientY - box.top) * scale) ?? -1);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") return void injectBurst();
    const step = KEY_STEPS[event.key];
    if (step === undefined || map.current === null) return;
    event.preventDefault();
    event.stopPropagation();
    const { view } = map.current;
    cursor.current = Math.max(0, Math.min(view.granuleCount - 1, cursor.current + step * map.current.step));
    tell(cursor.current);
  };
  return (
    <section class="panel half" aria-labelledby={`heap-${side.key}`}>
      <h2 id={`heap-${side.key}`}>
        {side.key} · heap map, <span class={side.key === "A" ? "name" : "name b"}>{side.policy}</span>
      </h2>
      <canvas
        ref={canvas}
        class="map"
        width={MAP_COLUMNS * 4}
        height={128}
        tabIndex={0}
        role="img"
        aria-label={`Heap of run ${side.key}. Arrow keys tell what lies where; Enter puts a burst in at this moment.`}
        data-side={side.key}
        onPointerMove={point}
        onPointerLeave={() => tell(-1)}
        onClick={() => void injectBurst()}
        onKeyDown={press}
      />
      <p class="quiet" aria-live="polite" data-testid={`pointed-${side.key}`}>
        {pointed.value === "" ? "point at a block: its id, size and age · click: a burst at this moment" : pointed}
      </p>
      <Counters side={side} />
      <DataTable
        caption={`blocks of ${side.key}`}
        head={["block", "at", "size", "state", "class", "age"]}
        rows={() => blockRows(side)}
      />
    </section>
  );
}

/** Goes to the moment and draws; a recording that contradicts itself is said so. */
function paint(side: Side, map: HeapMap, context: CanvasRenderingContext2D): void {
  const still = isMotionReduced.value ? 0 : STILL_FLASH_MICROS;
  const flash = isPlaying.value && !isMotionReduced.value ? FLASH_MILLIS * 1000 * speed.value : still;
  try {
    side.view!.seek(moment.value);
  } catch (error) {
    message.value = { kind: "error", text: `${shownFile.peek() ?? "the run"}: ${(error as Error).message}` };
    return;
  }
  map.paint(context, Math.min(flash, 2_000_000));
}

function describe({ view, step }: HeapMap, granule: number): string {
  const { granuleBytes } = view.recording.header;
  const address = granule * granuleBytes;
  const block = view.blockAt(address);
  const more = step > 1 ? ` · one square for ${step} granules` : "";
  if (block === undefined) return `at ${address}: free${more}`;
  const age = formatMoment(view.micros - block.placedMicros);
  const what =
    block.id < 0
      ? "the predictor's own block"
      : `block ${block.id}, ${CELL_NAMES[block.cell]}, ${CLASS_NAMES[block.requestClass]}`;
  return `at ${block.at}: ${what} · ${formatBytes(block.length)} · age ${age}${more}`;
}

/** The largest blocks at the moment. */
function blockRows(side: Side): (string | number)[][] {
  side.version.value;
  moment.value;
  if (side.view === null) return [];
  const { micros } = side.view;
  return [...side.view.blocks.values()]
    .sort((a, b) => b.length - a.length || a.at - b.at)
    .slice(0, 50)
    .map((block) => [
      block.id < 0 ? "predictor" : block.id,
      block.at,
      formatBytes(block.length),
      CELL_NAMES[block.cell]!,
      CLASS_NAMES[block.requestClass]!,
      formatMoment(micros - block.placedMicros),
    ]);
}
