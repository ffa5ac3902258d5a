// Where the page begins: the address says what to run.

import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { startPlayer } from "./player.ts";
import { startRuns } from "./runs.ts";
import * as state from "./state.ts";
import "./styles/colours.css";
import "./styles/page.css";
import { startTheme } from "./theme.ts";
import { hashToPlace } from "./url.ts";

startTheme();
startPlayer();
const place = hashToPlace(location.hash);
state.options.value = place.options;
render(<App />, document.getElementById("page")!);
void startRuns(place.momentMicros);

effect(() => {
  document.title = `mempred · ${state.options.value.policies.join(" / ")}`;
});
