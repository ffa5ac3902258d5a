// A small writer of SVG figures: text, lines, bars and markers with classes, no library. Figures read on light and dark: a
// panel of their own behind everything, colours by CSS that follow the reader's scheme, and never colour alone: series differ
// by marker and dash too, and their names stand beside them.

/** Okabe-Ito: safe for colour-blind eyes. */
export const BASELINE_COLOUR = "#E69F00";
export const PREDICTIVE_COLOUR = "#0072B2";
export const OOM_COLOUR = "#D55E00";
/** The blue on dark, where the other is hard to see. */
export const PREDICTIVE_DARK_COLOUR = "#4aa3dd";

export type MarkerShape = "circle" | "square" | "triangle" | "diamond" | "cross" | "plus" | "down" | "ring";

/** How a series is drawn. */
export interface SeriesStyle {
  readonly colour: string;
  /** Colour on dark, where the other is too dark to see. */
  readonly darkColour: string;
  readonly dash: string;
  readonly marker: MarkerShape;
  readonly widthPixels: number;
}

export interface SvgOptions {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly title: string;
  /** What a reader who cannot see it should know. */
  readonly description: string;
  readonly styles?: ReadonlyMap<string, SeriesStyle>;
  /** Rules of classes that this figure alone has: always, and on dark. */
  readonly rules?: { readonly light: string; readonly dark: string };
}

/** Text with &, <, > and quotes made safe. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export class SvgWriter {
  readonly #options: SvgOptions;
  readonly #lines: string[] = [];

  constructor(options: SvgOptions) {
    this.#options = options;
  }

  /** @param className of the text: "axis", "label", "title", "strong"; `anchor` start, middle or end */
  text(x: number, y: number, text: string, className = "label", anchor = "start", rotateDegrees = 0): void {
    const turn = rotateDegrees === 0 ? "" : ` transform="rotate(${rotateDegrees} ${round(x)} ${round(y)})"`;
    this.#lines.push(
      `<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${turn}>${escapeXml(text)}</text>`,
    );
  }

  line(x1: number, y1: number, x2: number, y2: number, className: string): void {
    this.#lines.push(
      `<line class="${className}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`,
    );
  }

  path(points: readonly (readonly [number, number])[], className: string): void {
    const steps = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
    this.#lines.push(`<path class="${className}" d="${steps}"/>`);
  }

  rectangle(x: number, y: number, width: number, height: number, className: string): void {
    this.#lines.push(
      `<rect class="${className}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"/>`,
    );
  }

  marker(x: number, y: number, shape: MarkerShape, className: string, radius = 4): void {
    const r = radius;
    const at = (points: readonly (readonly [number, number])[]) =>
      points.map(([dx, dy], i) => `${i === 0 ? "M" : "L"}${round(x + dx * r)} ${round(y + dy * r)}`).join("");
    const shapes: Readonly<Record<Exclude<MarkerShape, "circle" | "ring">, string>> = {
      square: `${at([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ])}Z`,
      triangle: `${at([
        [0, -1.1],
        [1, 0.8],
        [-1, 0.8],
      ])}Z`,
      down: `${at([
        [0, 1.1],
        [1, -0.8],
        [-1, -0.8],
      ])}Z`,
      diamond: `${at([
        [0, -1.2],
        [1, 0],
        [0, 1.2],
        [-1, 0],
      ])}Z`,
      cross:
        at([
          [-0.9, -0.9],
          [0.9, 0.9],
        ]) +
        at([
          [-0.9, 0.9],
          [0.9, -0.9],
        ]),
      plus:
        at([
          [0, -1.1],
          [0, 1.1],
        ]) +
        at([
          [-1.1, 0],
          [1.1, 0],
        ]),
    };
    if (shape === "circle" || shape === "ring")
      this.#lines.push(`<circle class="${className} ${shape}" cx="${round(x)}" cy="${round(y)}" r="${round(r)}"/>`);
    else this.#lines.push(`<path class="${className} ${shape}" d="${shapes[shape]}"/>`);
  }

  /** The whole document. */
  finish(): string {
    const { widthPixels: width, heightPixels: height, title, description } = this.#options;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
      `<title id="title">${escapeXml(title)}</title>`,
      `<desc id="description">${escapeXml(description)}</desc>`,
      `<style>${this.#css()}</style>`,
      HATCH,
      `<rect class="panel" width="${width}" height="${height}" rx="6"/>`,
      ...this.#lines,
      "</svg>",
      "",
    ].join("\n");
  }

  #css(): string {
    const styles = [...(this.#options.styles ?? [])];
    const { light, dark } = this.#options.rules ?? { light: "", dark: "" };
    const ruleOf = (id: string, colour: string) =>
      `.line-${id},.marker-${id}{stroke:${colour}}.marker-${id}{fill:${colour}}.name-${id}{fill:${colour}}`;
    return [
      "text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#24292f}",
      ".title{font-size:15px;font-weight:600}.strong{font-weight:600}.axis{font-size:11px}.small{font-size:10px}",
      ".panel{fill:#ffffff}.grid{stroke:#d8dee4;stroke-width:1}.frame{stroke:#8c959f;stroke-width:1;fill:none}",
      ".diagonal{stroke:#8c959f;stroke-width:1;stroke-dasharray:4 4}.whisker{stroke:#24292f;stroke-width:1.2;fill:none}",
      `.bar-baseline{fill:${BASELINE_COLOUR}}.bar-policy{fill:url(#hatch)}.bar-count{fill:#8c959f}`,
      ".bound{fill:#24292f;stroke:#ffffff;stroke-width:1}",
      `.band{fill:${PREDICTIVE_COLOUR};fill-opacity:.16;stroke:none}.line-forecast{stroke:#57606a;stroke-width:1.2;stroke-dasharray:5 3}`,
      `.oom{stroke:${OOM_COLOUR}}.run-ahead{stroke:${PREDICTIVE_COLOUR};stroke-width:1.4}.run-late{stroke:${BASELINE_COLOUR};stroke-width:1.4}`,
      ".cell-free{fill:#eaeef2}.cell-used{fill:#57606a}.cell-pinned{fill:url(#pins)}.cell-cache{fill:#009E73}.cell-predictor{fill:#CC79A7}",
      "path[class^=line]{fill:none}.thin{stroke-width:1!important;stroke-opacity:.55}.cross,.plus,.ring{fill:none!important;stroke-width:2}",
      ...styles.map(
        ([id, { colour, dash, widthPixels }]) =>
          `${ruleOf(id, colour)}.line-${id}{stroke-width:${widthPixels}${dash === "" ? "" : `;stroke-dasharray:${dash}`}}`,
      ),
      light,
      "@media (prefers-color-scheme:dark){text{fill:#e6edf3}.panel{fill:#0d1117}.grid{stroke:#30363d}.whisker{stroke:#e6edf3}.bound{fill:#e6edf3;stroke:#0d1117}.cell-free{fill:#21262d}.cell-used{fill:#8b949e}.line-forecast{stroke:#8b949e}",
      ...styles.map(([id, { darkColour }]) => ruleOf(id, darkColour)),
      dark,
      "}",
    ].join("");
  }
}

/** Bars of the policy: blue with stripes, so that they differ from the baseline's without colour. */
const HATCH = `<defs><pattern id="pins" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="#6e7781"/><path d="M0 4L4 0" stroke="#ffffff" stroke-width="1.2"/></pattern><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="${PREDICTIVE_COLOUR}"/><rect width="2" height="6" fill="#7fb8dd"/></pattern></defs>`;

/** Round steps that cover 0..most: 1, 2, 2.5 or 5 times a power of ten, about `wanted` of them. */
export function axisTicks(most: number, wanted = 5): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  let power = 1;
  while (power * 10 <= rough) power *= 10;
  while (power > rough) power /= 10;
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const ticks: number[] = [];
  for (let i = 0; i * step < most + step * 0.999; i++) ticks.push(Number((i * step).toPrecision(6)));
  return ticks;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
