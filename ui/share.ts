// The address of what is shown: kept up to date in the bar, copied on request, and followed when it is changed by hand.

import { effect } from "@preact/signals";
import { startRuns } from "./runs.ts";
import * as state from "./state.ts";
import { hashToPlace, placeToHash } from "./url.ts";

let written = "";

function hashNow(): string {
  const momentMicros = state.isFollowing.value ? null : Math.round(state.moment.value);
  return placeToHash({ options: state.options.value, momentMicros });
}

/** Writes the address whenever it comes to rest, and runs what it says when somebody changes it. */
export function startAddress(): void {
  effect(() => {
    if (state.isPlaying.value || state.shownFile.value !== null) return;
    const hash = hashNow();
    if (hash === written) return;
    written = hash;
    try {
      history.replaceState(null, "", `#${hash}`);
    } catch {
      // Some browsers allow so many changes a second only: the next one will do.
    }
  });
  addEventListener("hashchange", () => {
    if (location.hash === `#${written}`) return;
    const place = hashToPlace(location.hash);
    state.options.value = place.options;
    state.opened.value = null;
    void startRuns(place.momentMicros);
  });
}

/** Copies the address, or shows it where that is not allowed. */
export async function share(): Promise<void> {
  const { source } = state.options.value;
  const address = `${location.href.split("#")[0]}#${hashNow()}`;
  const isWhole = source.kind === "scenario" && state.shownFile.value === null;
  const caution = isWhole ? "" : " It does not hold the file that was opened.";
  try {
    await navigator.clipboard.writeText(address);
    state.message.value = { kind: "info", text: `address copied.${caution}` };
  } catch {
    state.message.value = { kind: "info", text: `the address: ${address}${caution}` };
  }
}
