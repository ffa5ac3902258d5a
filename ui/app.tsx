// The page: controls above, panels below.

import { Controls } from "./panels/controls.tsx";
import { HeapPanel } from "./panels/heap-panel.tsx";
import { MapLegend } from "./panels/map-legend.tsx";
import { TimelinePanel } from "./panels/timeline.tsx";
import { message, sides } from "./state.ts";

export function App() {
  return (
    <>
      <header>
        <Controls />
        <p class={`message ${message.value?.kind ?? ""}`} role="status">
          {message.value?.text}
        </p>
        <MapLegend />
      </header>
      <main class="panels">
        <HeapPanel side={sides.A} />
        <HeapPanel side={sides.B} />
        <TimelinePanel />
      </main>
    </>
  );
}
