// What the squares of a map mean: the pattern beside the word.

import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { mapColours } from "../theme.ts";

const WORDS = ["free", "used", "pinned", "cache", "predictor's own", "moved just now"] as const;
/** As in heap-map.ts, two squares wide and two high. */
const PATTERNS = [
  "....|....|..x.|....",
  "....|....|....|....",
  "x..x|.xx.|.xx.|x..x",
  "xxxx|....|xxxx|....",
  "xxxx|x..x|x..x|xxxx",
  "xxxx|x..x|x..x|xxxx",
];

export function MapLegend() {
  return (
    <ul class="legend">
      {WORDS.map((word, state) => (
        <li key={word}>
          <Square state={state} /> {word}
        </li>
      ))}
      <li>a block begins with a dark edge</li>
    </ul>
  );
}

function Square({ state }: { readonly state: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(
    () =>
      effect(() => {
        const context = canvas.current!.getContext("2d")!;
        const [ground, ink] = mapColours.value[state]!;
        for (let y = 0; y < 6; y++)
          for (let x = 0; x < 8; x++) {
            context.fillStyle = PATTERNS[state]!.split("|")[y % 4]![x % 4] === "x" ? ink : ground;
            context.fillRect(x, y, 1, 1);
          }
      }),
    [state],
  );
  return <canvas ref={canvas} class="swatch" width={8} height={6} />;
}
