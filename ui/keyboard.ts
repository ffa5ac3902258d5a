// Keys for the whole page; in a field they mean what they mean there.

import { seek, seekOom, step, togglePlay } from "./player.ts";
import { headMicros } from "./state.ts";

const KEYS: Readonly<Record<string, () => unknown>> = {
  " ": togglePlay,
  ".": () => step(1),
  ",": () => step(-1),
  n: () => seekOom(1),
  p: () => seekOom(-1),
  Home: () => seek(0),
  End: () => seek(headMicros.value),
};
export const KEYS_TEXT = "keys: space play or pause · , and . step · n and p next and previous OOM · Home, End";

export function startKeyboard(): void {
  addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const isTaken = /^(?:INPUT|SELECT|BUTTON|SUMMARY|circle)$/.test(target.tagName);
    if (isTaken || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = KEYS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}
