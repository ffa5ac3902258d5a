// G: one seed is an anecdote. Paired differences of avoidable OOMs appear as their runs finish, the interval of the mean narrows,
// and the bounds stand as lines. A dot leads to its run.

import { formatCount, formatSigned } from "../../cli/render/format.ts";
import { change } from "../actions.ts";
import * as many from "../many-seeds.ts";
import { nameOf, percent } from "../options.ts";
import { DataTable } from "./data-table.tsx";

const [WIDTH, HEIGHT, EDGE] = [260, 120, 10];
/** By the order of the bounds. */
const BOUND_LINES = [
  { name: "dashed", dash: "6 3" },
  { name: "dotted", dash: "2 3" },
] as const;
const COUNTS = [5, 20, 50, 200];

export function ManySeedsPanel() {
  const left = many.seedsLeft.value;
  const done = many.outcomes.value;
  return (
    <section class="panel" aria-labelledby="seeds">
      <h2 id="seeds">G · many seeds: avoidable OOM</h2>
      <div class="row">
        <button type="button" onClick={() => (left > 0 ? many.stopSeeds() : void many.runSeeds())}>
          {left > 0 ? "stop" : "run seeds"}
        </button>
        <label>
          1 to
          <select
            value={many.seedCount.value}
            onChange={(event) => (many.seedCount.value = Number(event.currentTarget.value))}
          >
            {COUNTS.map((count) => (
              <option key={count}>{count}</option>
            ))}
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={many.withBounds.value}
            onChange={() => (many.withBounds.value = !many.withBounds.value)}
          />
          bounds
        </label>
        {left > 0 && <span class="quiet">{left} to go</span>}
      </div>
      <p data-testid="seeds-summary">{sentence()}</p>
      {done.length > 0 && !many.isOfNow.value && (
        <p class="quiet">Other settings than those chosen above: a dot goes back to them.</p>
      )}
      {done.length > 0 && <Dots />}
      {done.length > 0 && (
        <DataTable
          caption="seeds"
          head={["seed", "A", "B", "B − A"]}
          rows={() => done.map(({ seed, a, b }) => [seed, a, b, formatSigned(b - a)])}
        />
      )}
    </section>
  );
}

function show(seed: number): void {
  change({ ...many.seedOptions.value, seed });
}

function sentence(): string {
  const summary = many.summary.value;
  if (summary === null) return "One seed: no interval, draw no conclusion. Run more.";
  const { baseline, policy, ci95 } = summary.interval;
  const n = many.outcomes.value.length;
  const chosen = many.seedOptions.value!;
  const [a, b] = chosen.policies;
  const seeds = `${n} seed${n === 1 ? "" : "s"} of ${nameOf(chosen)}, ${percent(chosen.pressureRatio)} %`;
  const difference = formatSigned(policy - baseline);
  if (ci95 === null) return `${seeds}: ${difference}; no interval, draw no conclusion.`;
  const interval = `[${formatSigned(ci95[0])}, ${formatSigned(ci95[1])}]`;
  const word = ci95[1] < 0 ? "fewer" : ci95[0] > 0 ? "MORE" : "no difference shown";
  const bounds = summary.bounds
    .map(({ policy: bound, difference }, i) => `${bound} ${formatSigned(difference)} (${BOUND_LINES[i]!.name})`)
    .join(", ");
  return `${seeds}: ${b} ${difference} ${interval} against ${a}'s ${formatCount(baseline)} a run: ${word}.${bounds === "" ? "" : ` Bounds: ${bounds}.`}`;
}

function Dots() {
  const done = many.outcomes.value;
  const { interval, bounds } = many.summary.value!;
  const differences = done.map(({ a, b }) => b - a);
  const all = [0, ...differences, ...bounds.map((one) => one.difference)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const y = (value: number) => EDGE + ((most - value) / Math.max(1, most - least)) * (HEIGHT - 2 * EDGE);
  const x = (index: number) => 34 + ((index + 0.5) / Math.max(done.length, 5)) * (WIDTH - 40);
  const mean = interval.policy - interval.baseline;
  return (
    <svg
      class="dots"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-label="Difference B − A by seed"
    >
      {interval.ci95 !== null && (
        <rect
          x={34}
          width={WIDTH - 40}
          y={y(interval.ci95[1])}
          height={Math.max(1, y(interval.ci95[0]) - y(interval.ci95[1]))}
          fill="var(--band)"
        />
      )}
      <line x1={34} x2={WIDTH} y1={y(0)} y2={y(0)} stroke="var(--quiet)" />
      <line x1={34} x2={WIDTH} y1={y(mean)} y2={y(mean)} stroke="var(--b)" stroke-width={2} />
      {bounds.map(({ policy, difference }, i) => (
        <line
          key={policy}
          x1={34}
          x2={WIDTH}
          y1={y(difference)}
          y2={y(difference)}
          stroke="var(--ink)"
          stroke-dasharray={BOUND_LINES[i]!.dash}
        />
      ))}
      <text x={30} y={y(0) + 4} text-anchor="end">
        0
      </text>
      <text x={30} y={y(mean) + (Math.abs(y(mean) - y(0)) < 12 ? 16 : 4)} text-anchor="end">
        {formatSigned(mean)}
      </text>
      {done.map(({ seed }, index) => (
        // biome-ignore lint/a11y/useSemanticElements: a button cannot stand in an SVG
        <circle
          key={seed}
          cx={x(index)}
          cy={y(differences[index]!)}
          r={done.length > 60 ? 3 : 5}
          fill={differences[index]! > 0 ? "var(--oom)" : "var(--b)"}
          role="button"
          tabindex={0}
          aria-label={`seed ${seed}: ${formatSigned(differences[index]!)}; show this run`}
          onClick={() => show(seed)}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === " ") show(seed);
          }}
        />
      ))}
    </svg>
  );
}
