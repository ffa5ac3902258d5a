// The page: controls above, panels below.

import { KEYS_TEXT } from "./keyboard.ts";
import { AccuracyPanel } from "./panels/accuracy.tsx";
import { CompactionsPanel } from "./panels/compactions.tsx";
import { Controls } from "./panels/controls.tsx";
import { EventLogPanel } from "./panels/event-log.tsx";
import { HeapPanel } from "./panels/heap-panel.tsx";
import { ManySeedsPanel } from "./panels/many-seeds.tsx";
import { MapLegend } from "./panels/map-legend.tsx";
import { NetworkPanel } from "./panels/network.tsx";
import { TimelinePanel } from "./panels/timeline.tsx";
import { VerdictPanel } from "./panels/verdict.tsx";
import { WhatIf } from "./panels/what-if.tsx";
import { message, sides } from "./state.ts";

export function App() {
  return (
    <>
      <header>
        <Controls />
        <p class={`message ${message.value?.kind ?? ""}`} role="status" data-testid="message">
          {message.value?.text}
        </p>
        <div class="row">
          <WhatIf />
          <MapLegend />
        </div>
      </header>
      <main class="panels">
        <VerdictPanel />
        <HeapPanel side={sides.A} />
        <HeapPanel side={sides.B} />
        <TimelinePanel />
        <AccuracyPanel />
        <CompactionsPanel />
        <NetworkPanel />
        <ManySeedsPanel />
        <EventLogPanel />
      </main>
      <footer class="quiet">
        {KEYS_TEXT} · drop a result file, a journal or a trace anywhere · mempred {__VERSION__}
      </footer>
    </>
  );
}
