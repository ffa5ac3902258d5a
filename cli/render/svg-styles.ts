// How each policy looks in every figure: the baseline orange, the predictive one blue and thicker, the rest told apart by
// marker and dash as much as by colour.

import { policyBase } from "../../sim/suite/plan.ts";
import {
  BASELINE_COLOUR,
  type MarkerShape,
  PREDICTIVE_COLOUR,
  PREDICTIVE_DARK_COLOUR,
  type SeriesStyle,
} from "./svg-writer.ts";

const REST: readonly (readonly [string, string, string, MarkerShape])[] = [
  // colour, on dark, dash, marker
  ["#009E73", "#2fc89a", "", "square"],
  ["#B0558A", "#CC79A7", "6 3", "triangle"],
  ["#3A8FC2", "#56B4E9", "2 3", "diamond"],
  ["#6b6b6b", "#a8a8a8", "", "cross"],
  ["#8a6d00", "#d6b93a", "8 3 2 3", "down"],
  ["#7a4fbf", "#b397e6", "3 2", "plus"],
  ["#4d7a00", "#9acc3a", "10 4", "ring"],
];

/** Styles by CSS-safe id (`styleId`). */
export function policyStyles(policies: readonly string[]): Map<string, SeriesStyle> {
  const styles = new Map<string, SeriesStyle>();
  let next = 0;
  for (const policy of policies) {
    if (policyBase(policy) === "reactive") {
      const marker: MarkerShape = policy === "reactive" ? "circle" : policy.endsWith("window") ? "square" : "triangle";
      styles.set(styleId(policy), {
        ...{ colour: "#b87a00", darkColour: BASELINE_COLOUR, dash: "", marker, widthPixels: 2 },
        ...(policy === "reactive" ? { colour: BASELINE_COLOUR } : {}),
      });
    } else if (policy === "predictive") {
      styles.set(styleId(policy), {
        ...{
          colour: PREDICTIVE_COLOUR,
          darkColour: PREDICTIVE_DARK_COLOUR,
          dash: "",
          marker: "circle",
          widthPixels: 3,
        },
      });
    } else {
      const [colour, darkColour, dash, marker] = REST[next++ % REST.length]!;
      styles.set(styleId(policy), { colour, darkColour, dash, marker, widthPixels: 1.6 });
    }
  }
  return styles;
}

/** The policy's name as a CSS class. */
export function styleId(policy: string): string {
  return policy.replace(/[^a-z0-9-]/gi, "-");
}
