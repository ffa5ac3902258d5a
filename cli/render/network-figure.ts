// The network of recorded runs at a moment as SVG: weights as lines whose width is their size, dashed where they are negative;
// what went in where that was taken down; the forecast and the guards over it.

import { B1_AT, B2_AT, forward, HIDDEN_COUNT, INPUT_COUNT } from "../../predictor/network.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import {
  type GuardState,
  guardsAt,
  INPUT_NAMES,
  largestWeight,
  type NetworkEdge,
  networkAt,
  networkEdges,
  type ShownNetwork,
} from "../../sim/recording/shown-network.ts";
import { formatMoment, formatPercent } from "./format.ts";
import { OOM_COLOUR, PREDICTIVE_COLOUR, PREDICTIVE_DARK_COLOUR, SvgWriter } from "./svg-writer.ts";

const WIDTH = 1000;
const DRAWING_HEIGHT = 340;
/** Three lines of words above, two below. */
const BLOCK_HEIGHT = 76 + DRAWING_HEIGHT + 60;
const [INPUT_X, UNIT_X, OUTPUT_X] = [170, 500, 800];
/** Widths of lines come in so many steps of half a pixel. */
const WIDTH_STEPS = 14;

const RULES = {
  light: [
    `.more{stroke:${PREDICTIVE_COLOUR}}.less{stroke:${OOM_COLOUR};stroke-dasharray:7 5}.lost{stroke:#8c959f;stroke-dasharray:1 4}`,
    ...Array.from({ length: WIDTH_STEPS + 1 }, (_, step) => `.w${step}{stroke-width:${0.4 + step / 2}}`),
    ".node{fill:#ffffff;stroke:#24292f;stroke-width:1.5}.active{fill:#24292f}",
  ].join(""),
  dark: `.more{stroke:${PREDICTIVE_DARK_COLOUR}}.node{fill:#0d1117;stroke:#e6edf3}.active{fill:#e6edf3}`,
};

interface Block {
  readonly recording: Recording;
  readonly shown: ShownNetwork;
  /** Of the tick that is shown. */
  readonly micros: number;
  readonly guards: GuardState;
}

/** The network at the last tick up to a moment, a drawing for each run that has one. Null without any. */
export function networkFigure(recordings: readonly Recording[], micros: number): string | null {
  const blocks = recordings.flatMap((recording): Block[] => {
    const shown = networkAt(recording, micros);
    const at = recording.ticks.micros[recording.ticksUntil(micros) - 1] ?? 0;
    return shown === null ? [] : [{ recording, shown, micros: at, guards: guardsAt(recording, micros) }];
  });
  if (blocks.length === 0) return null;
  const svg = new SvgWriter({
    widthPixels: WIDTH,
    heightPixels: 8 + blocks.length * BLOCK_HEIGHT,
    title: `The network: ${blocks.map(nameOf).join("; ")}`,
    description: blocks.map((block) => `${nameOf(block)}: ${wordsOf(block)}`).join(" "),
    rules: RULES,
  });
  blocks.forEach((block, i) => {
    drawBlock(svg, block, 8 + i * BLOCK_HEIGHT);
  });
  return svg.finish();
}

function nameOf({ recording: { header }, micros }: Block): string {
  return `${header.policy}, ${header.scenario} at ${formatPercent(header.pressureRatio)}, seed ${header.seed}, ${formatMoment(micros)}`;
}

/** Every figure, for who cannot see the drawing. */
function wordsOf({ shown: { weights, inputs }, guards }: Block): string {
  const edges = networkEdges(weights);
  const given =
    inputs === null ? [] : [`inputs ${INPUT_NAMES.map((name, i) => `${name} ${number(inputs[i]!)}`).join(", ")}`];
  const units = Array.from({ length: HIDDEN_COUNT }, (_, unit) => {
    const own = edges.filter((edge) => edge.unit === unit).map(({ input, weight }) => `${input === null ? "to the output" : INPUT_NAMES[input]} ${number(weight)}`); // biome-ignore format: one line
    return `unit ${unit + 1}: ${own.join(", ")}, bias ${number(weights[B1_AT + unit]!)}`;
  });
  return `${[...given, ...units, `bias of the output ${number(weights[B2_AT]!)}`, guardText(guards)].join("; ")}.`;
}

function guardText({ forecast, upper, confidence, lastTrip }: GuardState): string {
  const text = (ratio: number | null) => (ratio === null ? "none" : formatPercent(ratio, 1));
  const watchdog =
    lastTrip === null
      ? "not tripped until then"
      : `last tripped at ${formatMoment(lastTrip.micros)}, ${lastTrip.reason}`;
  return `forecast ${text(forecast)}, at most ${text(upper)}, confidence ${text(confidence)}; watchdog: ${watchdog}`;
}

function stateNote({ inputs, isConstant }: ShownNetwork): string {
  if (inputs === null) return "The weights are constants of the program; what went in is not written down.";
  return isConstant
    ? "The weights are constants of the program, the bias of the output learns; inputs of this moment."
    : "The network learns while it runs: weights and inputs are those of this moment.";
}

function drawBlock(svg: SvgWriter, block: Block, top: number): void {
  const { weights, inputs } = block.shown;
  svg.text(20, top + 18, nameOf(block), "title");
  svg.text(20, top + 38, `Width: the size of a weight, at most ${number(largestWeight(weights))}. Dashed: negative.${inputs === null ? "" : " A filled unit was at work."}`, "axis"); // biome-ignore format: one line
  svg.text(20, top + 54, stateNote(block.shown), "axis");
  const from = top + 90;
  const inputAt = (i: number) => [INPUT_X, from + (DRAWING_HEIGHT * (i + 0.5)) / INPUT_COUNT - 6] as const;
  const unitAt = (j: number) => [UNIT_X, from + (DRAWING_HEIGHT * (j + 0.5)) / HIDDEN_COUNT - 6] as const;
  const outputAt = [OUTPUT_X, from + DRAWING_HEIGHT / 2 - 6] as const;
  // Thick ones first, so that thin ones stay to be seen.
  for (const edge of [...networkEdges(weights)].sort((a, b) => b.share - a.share)) {
    const start = edge.input === null ? unitAt(edge.unit) : inputAt(edge.input);
    svg.line(...start, ...(edge.input === null ? outputAt : unitAt(edge.unit)), edgeClass(edge));
  }
  const active = activeUnits(block.shown);
  for (let j = 0; j < HIDDEN_COUNT; j++) svg.marker(...unitAt(j), "circle", active[j]! ? "node active" : "node", 8);
  for (let i = 0; i < INPUT_COUNT; i++) {
    const [x, y] = inputAt(i);
    svg.marker(x, y, "circle", "node", 9);
    svg.text(x - 20, y + (inputs === null ? 4 : -2), INPUT_NAMES[i]!, "label", "end");
    if (inputs !== null) svg.text(x - 20, y + 14, number(inputs[i]!), "axis", "end");
  }
  svg.marker(...outputAt, "circle", "node active", 10);
  svg.text(OUTPUT_X + 20, outputAt[1] - 2, "pressure in 5 s");
  const anchor = inputs === null ? "corrects an anchor" : `corrects the anchor ${number(inputs[INPUT_COUNT]!)}`;
  svg.text(OUTPUT_X + 20, outputAt[1] + 14, anchor, "axis");
  svg.text(20, top + 76 + DRAWING_HEIGHT + 34, guardText(block.guards), "strong");
}

function edgeClass({ weight, share }: NetworkEdge): string {
  if (!Number.isFinite(weight)) return "lost w2";
  return `${weight < 0 ? "less" : "more"} w${Math.round(share * WIDTH_STEPS)}`;
}

/** Units that were above 0 at this input; none where the inputs are not known. */
function activeUnits({ weights, inputs }: ShownNetwork): boolean[] {
  const hidden = new Float64Array(HIDDEN_COUNT);
  if (inputs !== null) forward(Float64Array.from(weights), Float64Array.from(inputs), 0, inputs[INPUT_COUNT]!, hidden);
  return Array.from(hidden, (value) => value > 0);
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3).replace("-", "−") : "not a number";
}
