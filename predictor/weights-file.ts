// Weights and whole states as files. Binary: little-endian on every machine, checked by magic, version, architecture, length
// and CRC-32. JSON: for people and for `mempred train --out`; its CRC-32 is over the same 392 bytes as in the binary form.
// Weights alone start a new predictor; a state goes on where the old one stopped, bit by bit.
//
// binary:  "MPRW" · version u16 · kind u16 (1 weights, 2 state, 3 state of the compact predictor, as in memory) · 4, 8, 1, 0 as u8 · payload length u32 · payload · CRC-32 u32
// All errors are INVALID_WEIGHTS and say what is wrong.

import { assert, MempredError } from "../core/errors.ts";
import { crc32 } from "../core/hash.ts";
import { COMPACT_STATE_BYTES, CompactPredictor } from "./compact-predictor.ts";
import { HIDDEN_COUNT, INPUT_COUNT, PARAMETER_COUNT } from "./network.ts";
import { PressurePredictor, type PressurePredictorOptions } from "./pressure-predictor.ts";
import {
  CLIP_F32,
  MATURED_U32,
  PREDICTOR_STATE_BYTES,
  RING_HEAD_U8,
  RING_SAMPLES,
  RING_U16,
  SAMPLE_FIELDS,
  WEIGHTS_F64,
} from "./state-layout.ts";

export const WEIGHTS_SCHEMA = "mempred.weights/1";
export const ARCHITECTURE = [INPUT_COUNT, HIDDEN_COUNT, 1] as const;

const MAGIC = [0x4d, 0x50, 0x52, 0x57]; // MPRW
const VERSION = 1;
const KIND_WEIGHTS = 1;
const KIND_STATE = 2;
const KIND_COMPACT = 3;
const HEADER_BYTES = 16;
const CRC_BYTES = 4;
const WEIGHTS_BYTES = PARAMETER_COUNT * 8;

/** The binary form of 49 finite weights: 412 bytes. */
export function encodeWeights(weights: ArrayLike<number>): Uint8Array {
  return seal(KIND_WEIGHTS, weightBytes(weights));
}

/** The weights (49) in a binary file. `file` is named in errors. */
export function decodeWeights(bytes: Uint8Array, file?: string): Float64Array {
  const payload = unseal(bytes, KIND_WEIGHTS, WEIGHTS_BYTES, file);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const weights = new Float64Array(PARAMETER_COUNT);
  for (let i = 0; i < PARAMETER_COUNT; i++) weights[i] = view.getFloat64(i * 8, true);
  checkFinite(weights, file);
  return weights;
}

/** The JSON form of 49 finite weights, one line with a newline. Numbers are written so that they read back exactly. */
export function weightsToJson(weights: ArrayLike<number>): string {
  const values = Array.from(weights, (weight) => weight + 0); // −0 becomes 0, which is what JSON makes of it
  const content = {
    schema: WEIGHTS_SCHEMA,
    architecture: ARCHITECTURE,
    weights: values,
    crc32: crcHex(weightBytes(values)),
  };
  return `${JSON.stringify(content)}\n`;
}

/** The weights (49) in a JSON document; keys that it does not know are ignored. `file` is named in errors. */
export function weightsFromJson(text: string, file?: string): Float64Array {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw invalid("the weights are not JSON", file, `a ${WEIGHTS_SCHEMA} document`, cause);
  }
  const { schema, architecture, weights, crc32: stated } = Object(content) as Record<string, unknown>;
  if (schema !== WEIGHTS_SCHEMA) throw invalid(`the schema is ${JSON.stringify(schema)}`, file, WEIGHTS_SCHEMA);
  if (JSON.stringify(architecture) !== JSON.stringify(ARCHITECTURE)) {
    throw invalid(`the architecture is ${JSON.stringify(architecture)}`, file, JSON.stringify(ARCHITECTURE));
  }
  if (!Array.isArray(weights) || weights.length !== PARAMETER_COUNT) {
    const found = Array.isArray(weights) ? `${weights.length} weights` : "no list of weights";
    throw invalid(`there are ${found}`, file, `${PARAMETER_COUNT} weights`);
  }
  const wrong = weights.findIndex((weight) => typeof weight !== "number");
  if (wrong >= 0) throw invalid(`weight ${wrong} is ${JSON.stringify(weights[wrong])}`, file, "a finite number");
  const values = Float64Array.from(weights as number[]);
  checkFinite(values, file);
  const found = crcHex(weightBytes(values));
  if (stated !== found) {
    throw invalid(
      `the check value of the weights is ${found} and not ${JSON.stringify(stated)}`,
      file,
      "undamaged weights",
    );
  }
  return values;
}

/** The whole state of a predictor as a file: 676 bytes. */
export function saveState(predictor: PressurePredictor): Uint8Array {
  const payload = new Uint8Array(PREDICTOR_STATE_BYTES);
  copyState(liveOf(predictor.bytes), fileOf(payload));
  return seal(KIND_STATE, payload);
}

/**
 * A predictor that goes on from a saved state.
 * @param place where it is to live; options other than buffer and byteOffset are part of the state
 */
export function loadState(
  bytes: Uint8Array,
  place: Pick<PressurePredictorOptions, "buffer" | "byteOffset"> = {},
  file?: string,
): PressurePredictor {
  const payload = unseal(bytes, KIND_STATE, PREDICTOR_STATE_BYTES, file);
  const { buffer = new ArrayBuffer(PREDICTOR_STATE_BYTES), byteOffset = 0 } = place;
  assert(byteOffset >= 0 && byteOffset % 8 === 0, "the predictor's block must lie at a multiple of 8");
  assert(byteOffset + PREDICTOR_STATE_BYTES <= buffer.byteLength, "the predictor's block does not fit the buffer");
  const live = new Uint8Array(PREDICTOR_STATE_BYTES);
  copyState(fileOf(payload), liveOf(live));
  PressurePredictor.attach(live.buffer); // checks magic and version before anything is overwritten
  new Uint8Array(buffer, byteOffset, PREDICTOR_STATE_BYTES).set(live);
  return PressurePredictor.attach(buffer, byteOffset);
}

/**
 * The state of a compact predictor as a file: 68 bytes. Its fields are of several widths and are written as they lie in memory,
 * little-endian on every machine that Node runs on today.
 */
export function saveCompactState(predictor: CompactPredictor): Uint8Array {
  return seal(KIND_COMPACT, predictor.bytes.slice());
}

/** A compact predictor that goes on from a saved state, in memory of its own. */
export function loadCompactState(bytes: Uint8Array, file?: string): CompactPredictor {
  // A copy: a Buffer's slice would still lie in the pool.
  return CompactPredictor.attach(Uint8Array.from(unseal(bytes, KIND_COMPACT, COMPACT_STATE_BYTES, file)).buffer);
}

/** Does the file, damaged or not, say that it holds the state of a compact predictor? */
export function isCompactState(bytes: Uint8Array): boolean {
  return bytes.length > 6 && bytes[6] === KIND_COMPACT;
}

/** Header, payload, check value. */
function seal(kind: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length + CRC_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, kind, true);
  bytes.set(ARCHITECTURE, 8);
  view.setUint32(12, payload.length, true);
  bytes.set(payload, HEADER_BYTES);
  const end = HEADER_BYTES + payload.length;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** The payload of a sealed file, after every check. */
function unseal(bytes: Uint8Array, kind: number, payloadBytes: number, file: string | undefined): Uint8Array {
  const whole = HEADER_BYTES + payloadBytes + CRC_BYTES;
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw invalid("this is no file of weights", file, 'a file that starts with "MPRW"');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(4, true);
  if (version !== VERSION) throw invalid(`the version is ${version}`, file, `version ${VERSION}`);
  const foundKind = view.getUint16(6, true);
  if (foundKind !== kind) {
    const names = ["nothing known", "weights", "a whole state", "the state of a compact predictor"];
    throw invalid(`the file holds ${names[foundKind] ?? names[0]}`, file, names[kind]);
  }
  if (ARCHITECTURE.some((width, i) => bytes[8 + i] !== width)) {
    throw invalid(`the architecture is ${Array.from(bytes.subarray(8, 11)).join("-")}`, file, ARCHITECTURE.join("-"));
  }
  if (bytes.length !== whole) throw invalid(`the file has ${bytes.length} bytes`, file, `${whole} bytes`);
  const stated = view.getUint32(whole - CRC_BYTES, true);
  const found = crc32(bytes.subarray(0, whole - CRC_BYTES));
  if (stated !== found) throw invalid("the file is damaged: its CRC-32 does not match", file, "an undamaged file");
  return bytes.subarray(HEADER_BYTES, whole - CRC_BYTES);
}

function weightBytes(weights: ArrayLike<number>): Uint8Array {
  assert(weights.length === PARAMETER_COUNT, "49 weights are needed");
  const view = new DataView(new ArrayBuffer(WEIGHTS_BYTES));
  for (let i = 0; i < PARAMETER_COUNT; i++) {
    assert(weights[i] - weights[i] === 0, "weights that are written must be finite");
    view.setFloat64(i * 8, weights[i], true);
  }
  return new Uint8Array(view.buffer);
}

function checkFinite(weights: Float64Array, file: string | undefined): void {
  const wrong = weights.findIndex((weight) => !(weight - weight === 0));
  if (wrong >= 0) throw invalid(`weight ${wrong} is ${weights[wrong]}`, file, "a finite number");
}

function crcHex(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

function invalid(message: string, file: string | undefined, expected: string | undefined, cause?: unknown) {
  return new MempredError(
    "INVALID_WEIGHTS",
    file === undefined ? message : `${file}: ${message}`,
    { file, expected },
    cause,
  );
}

/** A state block behind a DataView: in the machine's byte order where it is live, little-endian in a file. */
interface StateImage {
  readonly view: DataView;
  readonly isLittleEndian: boolean;
}

const IS_LITTLE_ENDIAN_MACHINE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function liveOf(bytes: Uint8Array): StateImage {
  return { view: viewOf(bytes), isLittleEndian: IS_LITTLE_ENDIAN_MACHINE };
}

function fileOf(bytes: Uint8Array): StateImage {
  return { view: viewOf(bytes), isLittleEndian: true };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Copies field by field, each in its width, so that only the byte order changes. */
function copyState(from: StateImage, to: StateImage): void {
  const copy = (firstByte: number, endByte: number, width: 2 | 4 | 8): void => {
    for (let at = firstByte; at < endByte; at += width) {
      if (width === 2) to.view.setUint16(at, from.view.getUint16(at, from.isLittleEndian), to.isLittleEndian);
      else if (width === 4) to.view.setUint32(at, from.view.getUint32(at, from.isLittleEndian), to.isLittleEndian);
      else to.view.setBigUint64(at, from.view.getBigUint64(at, from.isLittleEndian), to.isLittleEndian);
    }
  };
  copy(0, WEIGHTS_F64 * 8, 4); // magic, version
  copy(WEIGHTS_F64 * 8, CLIP_F32 * 4, 8);
  copy(CLIP_F32 * 4, (MATURED_U32 + 1) * 4, 4);
  for (let at = RING_HEAD_U8; at < RING_U16 * 2; at++) to.view.setUint8(at, from.view.getUint8(at));
  copy(RING_U16 * 2, (RING_U16 + RING_SAMPLES * SAMPLE_FIELDS) * 2, 2);
}
