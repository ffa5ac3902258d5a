// Light, dark, or as the system has it; and the colours of the style sheet for what is drawn on a canvas.

import { computed, effect, signal } from "@preact/signals";
import type { MapColours } from "./draw/heap-map.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>("auto");
const isSystemDark = signal(false);
export const isMotionReduced = signal(false);

export const isDark = computed(() => theme.value === "dark" || (theme.value === "auto" && isSystemDark.value));

/** Follows the system's wishes and puts the theme on the document. */
export function startTheme(): void {
  follow("(prefers-color-scheme: dark)", (isOn) => (isSystemDark.value = isOn));
  follow("(prefers-reduced-motion: reduce)", (isOn) => (isMotionReduced.value = isOn));
  effect(() => {
    document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  });
}

function follow(query: string, set: (isOn: boolean) => void): void {
  const media = matchMedia(query);
  set(media.matches);
  media.addEventListener("change", () => set(media.matches));
}

/** Asking the style sheet takes longer than drawing: each colour of each theme is asked for once. */
const known = new Map<string, string>();

/** The value of a custom property of the theme that is on. */
export function colour(name: string): string {
  const mode = isDark.value ? "dark" : "light"; // read, so that what is drawn is drawn again when it changes
  const key = `${mode} ${name}`;
  let value = known.get(key);
  if (value === undefined) {
    document.documentElement.dataset["theme"] = mode;
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    known.set(key, value);
  }
  return value;
}

export const mapColours = computed<MapColours>(() =>
  ["free", "used", "pinned", "cache", "own", "moved"].map((name) => [colour(`map-${name}`), colour(`map-${name}-ink`)]),
);
