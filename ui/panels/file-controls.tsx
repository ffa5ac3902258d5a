// Opening, sharing, saving.

import { useRef } from "preact/hooks";
import { exportJson, exportPng, exportSvg } from "../files/export.ts";
import { openFiles } from "../files/open-file.ts";
import { share } from "../share.ts";

const EXPORTS = { PNG: exportPng, SVG: exportSvg, JSON: exportJson } as const;

export function FileControls() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current!.click()}>
        open …
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="a result file, one or two journals, or a trace"
        onChange={(event) => {
          void openFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <button type="button" onClick={() => void share()}>
        share
      </button>
      {Object.entries(EXPORTS).map(([name, save]) => (
        <button key={name} type="button" aria-label={`save as ${name}`} onClick={save}>
          {name}
        </button>
      ))}
    </>
  );
}
