// Rows of new policies beside those of an earlier evaluation: what is kept, what is refused, in which order.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { addRows, addTrouble, controlTrouble } from "../../cli/evaluation-merge.ts";
import { measureForecasterCosts } from "../../cli/forecaster-costs.ts";
import { evaluationDigest, evaluationPage } from "../../cli/render/evaluation-report.ts";
import type { EvaluationFile } from "../../sim/suite/evaluation.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const evaluate = (folder: string, policies: string, ...more: string[]) =>
  run(
    [
      "evaluate",
      "--quick",
      "--parts",
      "suite",
      "--seed",
      "1",
      "--policy",
      policies,
      "--workers",
      "1",
      "--json",
      ...more,
    ],
    {
      folder,
    },
  );
const parsed = (text: string) => JSON.parse(text) as EvaluationFile;

test("a policy added to an evaluation gives the document that all together give; anything else that changed is refused", async () => {
  const folder = temporaryFolder();
  const whole = await evaluate(folder, "reactive,holt,predictive");
  expect(whole.status).toBe(0);
  const b = parsed(whole.stdout);
  const without = parsed(whole.stdout) as { -readonly [K in keyof EvaluationFile]: EvaluationFile[K] };
  const isOther = (id: string) => id !== "holt";
  const rest = without.parts.suite!;
  without.policies = without.policies.filter((policy) => isOther(policy.id));
  without.parts = {
    suite: { ...rest, policies: rest.policies.filter(isOther), rows: rest.rows.filter((one) => isOther(one.policy)) },
  };
  const from = join(folder, "from.json");
  writeFileSync(from, JSON.stringify(without));
  const added = await evaluate(folder, "holt", "--add", "--from", from);
  expect(added.stderr).toContain("runs of the earlier evaluation were made again and are the same");
  expect(added.status).toBe(0);
  expect(parsed(added.stdout)).toEqual(b);

  // A document whose figures are not those of this simulator.
  const forged = structuredClone(without);
  const row = forged.parts.suite!.rows.find((one) => one.policy === "predictive" && one.pressureRatio === 0.95)!;
  (row.values.compaction_moved_bytes as number[])[0]! += 16;
  writeFileSync(from, JSON.stringify(forged));
  const refused = await evaluate(folder, "holt", "--add", "--from", from);
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(
    /--add: the part suite cannot be added to: predictive on .*, seed 1: .* other figures/,
  );
  const nobody = await run(["evaluate", "--quick", "--add"], { folder });
  expect(nobody.stderr).toMatch(/--add: rows of which policies/);

  const { suite } = b.parts;
  expect(addTrouble(suite!, suite!)).toBeNull();
  expect(addTrouble(suite!, { ...suite!, isPartial: true })).toBe("it was interrupted");
  expect(addTrouble(suite!, { ...suite!, seeds: [2] })).toBe("it has other seeds");
  const other = { ...suite!, rows: suite!.rows.map((one) => ({ ...one, digest: "0" })) };
  expect(controlTrouble(other, suite!)).toMatch(/the digest over its runs is 0 now/);
  expect(controlTrouble({ ...suite!, rows: [] }, suite!)).toMatch(/no row of reactive or predictive/);

  // Rows made again take the place of the old ones.
  const again = { ...b, parts: { suite: { ...suite!, rows: suite!.rows.map((one) => ({ ...one, digest: "1" })) } } };
  expect(addRows(again, b, ["reactive"]).parts.suite!.rows.every((one) => one.digest === "1")).toBe(true);

  // Costs are beside the parts: a table more, the same digest.
  const costs = measureForecasterCosts(1);
  const withCosts: EvaluationFile = { ...b, costs };
  const schema = JSON.parse(readFileSync(new URL("../../schemas/evaluation.schema.json", import.meta.url), "utf8"));
  const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
  expect(validate(withCosts), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  expect(evaluationDigest(withCosts)).toBe(evaluationDigest(b));
  const { markdown } = evaluationPage(withCosts, "figures");
  expect(markdown).toContain("### What each forecaster costs");
  expect(markdown).toMatch(/\| predictive +\| compact +\| +49 \| +48 B \| in the arena \| +72 B \|/);
  expect(costs.rows.map((one) => one.policy)).toEqual(
    expect.arrayContaining(["neural", "class-aware", "hinted", "watch-ensemble", "watch-tenants", "watch-hints"]),
  );
}, 120_000);
