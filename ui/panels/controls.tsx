// The bar above: what to run, and where in it one is.

import { useComputed } from "@preact/signals";
import { formatMoment } from "../../cli/render/format.ts";
import { change, withDemand } from "../actions.ts";
import { nameOf, percent } from "../options.ts";
import { seek, seekOom, step, togglePlay } from "../player.ts";
import * as state from "../state.ts";
import { THEMES, type Theme, theme } from "../theme.ts";
import { FileControls } from "./file-controls.tsx";

const PRESSURES = [50, 75, 85, 95, 98];
const DURATIONS = [60, 120, 300, 600, 1800];
const SPEEDS = [0.1, 1, 10, 60];

export function Controls() {
  return (
    <>
      <div class="row">
        <h1>mempred</h1>
        <RunControls />
        <label>
          theme
          <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
            {THEMES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <FileControls />
      </div>
      <TimeControls />
    </>
  );
}

function RunControls() {
  const { source, pressureRatio, seed, durationSeconds, policies } = state.options.value;
  const choose = (index: 0 | 1, id: string): void =>
    change({ policies: index === 0 ? [id, policies[1]] : [policies[0], id], tuning: {} });
  const level = percent(pressureRatio);
  return (
    <>
      <label>
        scenario
        <select
          value={source.kind === "scenario" ? source.id : ""}
          onChange={(event) => change(withDemand({ kind: "scenario", id: event.currentTarget.value }))}
        >
          {source.kind !== "scenario" && <option value="">{nameOf(state.options.value)}</option>}
          {__SCENARIOS__.map(({ id, title }) => (
            <option key={id} value={id} title={title}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <label>
        pressure
        <select value={level} onChange={(event) => change({ pressureRatio: Number(event.currentTarget.value) / 100 })}>
          {[...new Set([...PRESSURES.map(String), level])].map((text) => (
            <option key={text} value={text}>
              {text} %
            </option>
          ))}
        </select>
      </label>
      <label>
        seed
        <input
          type="number"
          min={0}
          max={2_147_483_647}
          step={1}
          value={seed}
          onChange={(event) => {
            const value = event.currentTarget.valueAsNumber;
            if (Number.isInteger(value) && value >= 0) change({ seed: value });
            else event.currentTarget.value = String(seed);
          }}
        />
      </label>
      {([0, 1] as const).map((index) => (
        <PolicySelect
          key={index}
          name={index === 0 ? "A" : "B"}
          id={policies[index]}
          choose={(id) => choose(index, id)}
        />
      ))}
      {source.kind !== "trace" && (
        <label>
          length
          <select
            value={durationSeconds}
            onChange={(event) => change({ durationSeconds: Number(event.currentTarget.value), bursts: [] })}
          >
            {[...new Set([...DURATIONS, durationSeconds])].map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

function PolicySelect(props: { readonly name: string; readonly id: string; readonly choose: (id: string) => void }) {
  const { name, id, choose } = props;
  const ids = [...new Set([...__POLICIES__.map((one) => one.id), id])];
  return (
    <label>
      {name}
      <select value={id} onChange={(event) => choose(event.currentTarget.value)}>
        {ids.map((one) => (
          <option key={one} value={one} title={__POLICIES__.find((policy) => policy.id === one)?.description}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

function TimeControls() {
  const text = useComputed(() => formatMoment(state.calmMoments.words.value));
  const oom = (direction: 1 | -1): void => {
    if (!seekOom(direction)) state.message.value = { kind: "info", text: "no further avoidable OOM that way" };
  };
  return (
    <div class="row">
      <button type="button" onClick={togglePlay} aria-pressed={state.isPlaying.value}>
        {state.isPlaying.value ? "pause" : "play"}
      </button>
      <button type="button" onClick={() => step(-1)} aria-label="step back, 500 ms">
        ◂ step
      </button>
      <button type="button" onClick={() => step(1)} aria-label="step forward, 500 ms">
        step ▸
      </button>
      <button type="button" onClick={() => oom(-1)}>
        ◂ OOM
      </button>
      <button type="button" onClick={() => oom(1)}>
        OOM ▸
      </button>
      <label>
        speed
        <select value={state.speed.value} onChange={(event) => (state.speed.value = Number(event.currentTarget.value))}>
          {SPEEDS.map((times) => (
            <option key={times} value={times}>
              {times} ×
            </option>
          ))}
        </select>
      </label>
      <Scrub />
      <span data-testid="moment">{text}</span>
      <span class="quiet" data-testid="running" role="status">
        {state.isRunning.value
          ? "running …"
          : state.tookMillis.value === null
            ? ""
            : `ran in ${(state.tookMillis.value / 1000).toFixed(1)} s`}
      </span>
    </div>
  );
}

function Scrub() {
  return (
    <input
      class="scrub"
      type="range"
      aria-label="moment"
      aria-valuetext={formatMoment(state.calmMoments.words.value)}
      min={0}
      max={Math.max(1, state.headMicros.value)}
      step={100_000}
      value={state.calmMoments.words.value}
      onInput={(event) => seek(event.currentTarget.valueAsNumber)}
    />
  );
}
