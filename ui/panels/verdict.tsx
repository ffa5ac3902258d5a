// In a report: the verdict first, then what it cost, then each row; which run the panels below show.

import { formatCount, formatSigned } from "../../cli/render/format.ts";
import { VERDICT_WORDS } from "../../cli/render/verdict-text.ts";
import { percent } from "../options.ts";
import { opened } from "../state.ts";
import { DataTable } from "./data-table.tsx";

export function VerdictPanel() {
  const report = opened.value;
  if (report === null) return null;
  const { verdicts, cost, rows, shown, policies, digest } = report;
  return (
    <section class="panel full" aria-labelledby="verdict">
      <h2 id="verdict">verdict: {verdicts[0]}</h2>
      {verdicts.slice(1).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {cost !== "" && (
        <p>
          <b>cost:</b> {cost}
        </p>
      )}
      <p class="quiet">
        digest of all runs {digest} · below: {shown.scenario}, {percent(shown.pressureRatio)} %, seed {shown.seed},
        where {policies[1]} did worst, run again in this page
      </p>
      {rows.length > 0 && (
        <DataTable
          caption="every row, avoidable OOMs a run"
          head={["scenario", "pressure", policies[0], policies[1], "difference [95 % CI]", "verdict"]}
          rows={() =>
            rows.map((row) => [
              row.scenario,
              `${percent(row.pressureRatio)} %`,
              formatCount(row.baseline),
              formatCount(row.policy),
              formatSigned(row.policy - row.baseline) +
                (row.ci95 === null ? "" : ` [${row.ci95.map(formatSigned).join(", ")}]`),
              VERDICT_WORDS[row.verdict],
            ])
          }
        />
      )}
    </section>
  );
}
