// Where the page begins: a report inside it comes first, else the address says what to run.

import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { startDrop } from "./files/drop.ts";
import { embeddedReport } from "./files/embedded.ts";
import { showReport } from "./from-report.ts";
import { startKeyboard } from "./keyboard.ts";
import { startPlayer } from "./player.ts";
import { startRuns } from "./runs.ts";
import { startAddress } from "./share.ts";
import * as state from "./state.ts";
import "./styles/colours.css";
import "./styles/page.css";
import { startTheme } from "./theme.ts";
import { hashToPlace } from "./url.ts";

async function start(): Promise<void> {
  startTheme();
  startPlayer();
  startKeyboard();
  startDrop();
  const place = hashToPlace(location.hash);
  state.options.value = place.options;
  render(<App />, document.getElementById("page")!);
  effect(() => {
    document.title = `mempred · ${state.options.value.policies.join(" / ")}`;
  });
  try {
    const report = await embeddedReport();
    if (report === null) void startRuns(place.momentMicros);
    else showReport(report);
  } catch (error) {
    state.message.value = { kind: "error", text: `the report in this page is damaged: ${(error as Error).message}` };
  }
  startAddress();
}

void start();
