// Where a plot is drawn: a canvas on the page, or SVG text for a file. Points are x, y, x, y, ...; a NaN is a gap.

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

export interface Surface {
  line(points: readonly number[], stroke: Stroke): void;
  area(points: readonly number[], fill: string): void;
  text(x: number, y: number, text: string, colour: string, anchor: "start" | "middle" | "end"): void;
  /** What follows is cut off outside of this box; null: no longer. */
  clip(box: Box | null): void;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const FONT = "11px system-ui, sans-serif";

export class CanvasSurface implements Surface {
  readonly #context: CanvasRenderingContext2D;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
    context.font = FONT; // once a picture: the browser reads it as CSS
  }

  line(points: readonly number[], { colour, width, dash = [] }: Stroke): void {
    const context = this.#context;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.beginPath();
    this.#trace(points);
    context.stroke();
  }

  area(points: readonly number[], fill: string): void {
    this.#context.fillStyle = fill;
    this.#context.beginPath();
    this.#trace(points);
    this.#context.fill();
  }

  text(x: number, y: number, text: string, colour: string, anchor: "start" | "middle" | "end"): void {
    const context = this.#context;
    context.fillStyle = colour;
    context.textAlign = anchor === "middle" ? "center" : anchor;
    context.fillText(text, x, y);
  }

  clip(box: Box | null): void {
    if (box === null) {
      this.#context.restore();
      return;
    }
    this.#context.save();
    this.#context.beginPath();
    this.#context.rect(box.left, box.top, box.width, box.height);
    this.#context.clip();
  }

  #trace(points: readonly number[]): void {
    let isDown = false;
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [points[i]!, points[i + 1]!];
      if (Number.isNaN(y)) isDown = false;
      else if (isDown) this.#context.lineTo(x, y);
      else {
        this.#context.moveTo(x, y);
        isDown = true;
      }
    }
  }
}

export class SvgSurface implements Surface {
  #body = "";

  line(points: readonly number[], { colour, width, dash = [] }: Stroke): void {
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    this.#body += `<path d="${pathOf(points)}" fill="none" stroke="${colour}" stroke-width="${width}"${dashes}/>\n`;
  }

  area(points: readonly number[], fill: string): void {
    this.#body += `<path d="${pathOf(points)}" fill="${fill}"/>\n`;
  }

  text(x: number, y: number, text: string, colour: string, anchor: "start" | "middle" | "end"): void {
    const words = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    this.#body += `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${colour}" text-anchor="${anchor}">${words}</text>\n`;
  }

  clip(box: Box | null): void {
    this.#body +=
      box === null
        ? "</g>\n"
        : `<clipPath id="plot"><rect x="${box.left}" y="${box.top}" width="${box.width}" height="${box.height}"/></clipPath><g clip-path="url(#plot)">\n`;
  }

  /** The document. */
  finish(width: number, height: number, ground: string, title: string): string {
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
    const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif" font-size="11">`;
    const words = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return `${head}\n<title>${words}</title>\n<rect width="100%" height="100%" fill="${ground}"/>\n${this.#body}</svg>\n`;
  }
}

function pathOf(points: readonly number[]): string {
  let path = "";
  let isDown = false;
  for (let i = 0; i < points.length; i += 2) {
    const y = points[i + 1]!;
    if (Number.isNaN(y)) isDown = false;
    else {
      path += `${isDown ? "L" : "M"}${points[i]!.toFixed(1)} ${y.toFixed(1)}`;
      isDown = true;
    }
  }
  return path;
}
