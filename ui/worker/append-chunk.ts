// A chunk from a worker onto the recording that the page keeps.

import { PARAMETER_COUNT } from "../../predictor/network.ts";
import { doubled } from "../../sim/recording/columns.ts";
import { NETWORK_INPUTS, type Recording } from "../../sim/recording/recording.ts";
import type { Chunk } from "./protocol.ts";

const EVENT_COLUMNS = ["micros", "kind", "flags", "id", "to", "from", "size"] as const;
const TICK_COLUMNS = ["micros", "occupancy", "pressure", "watched", "forecast", "upper", "confidence"] as const;

export function appendChunk(recording: Recording, chunk: Chunk): void {
  append(recording.events, EVENT_COLUMNS, chunk.events);
  append(recording.ticks, TICK_COLUMNS, chunk.ticks);
  recording.words.splice(0, recording.words.length, ...chunk.words);
  recording.endMicros = chunk.endMicros;
  const width = PARAMETER_COUNT + NETWORK_INPUTS;
  for (let at = 0; at < chunk.networks.length; at += width) {
    const row = Float64Array.from(chunk.networks.subarray(at, at + width));
    recording.network(0, row.subarray(0, PARAMETER_COUNT), row.subarray(PARAMETER_COUNT));
  }
}

function append<Name extends string>(
  columns: { count: number } & Record<Name, Float64Array | Int32Array | Uint8Array>,
  names: readonly Name[],
  parts: readonly (Float64Array | Int32Array | Uint8Array)[],
): void {
  const added = parts[0]!.length;
  names.forEach((name, i) => {
    while (columns[name].length < columns.count + added)
      (columns as Record<string, unknown>)[name] = doubled(columns[name]);
    (columns[name] as Float64Array).set(parts[i]!, columns.count);
  });
  columns.count += added;
}
