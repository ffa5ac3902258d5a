import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { MempredError } from "../../core/errors.ts";
import { digestDemand } from "../../scenarios/digest-demand.ts";
import { measureLevel } from "../../scenarios/measure-level.ts";
import { FAMILY_SPECS, getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { fillEndMicros, type ScenarioOptions } from "../../scenarios/scenario.ts";
import { parseScenario, parseScenarioSpec } from "../../scenarios/scenario-file.ts";
import { scenarioJsonSchema } from "../../scenarios/scenario-json-schema.ts";
import { checkDemand } from "./check-demand.ts";
import { exampleText } from "./golden-scenarios.ts";

const options: ScenarioOptions = {
  pressureRatio: 0.95,
  seed: 4,
  durationMicros: 120_000_000,
  ratePerSecond: 100,
  capacityBytes: 102_400,
};

function refusal(text: string): MempredError {
  try {
    parseScenario(text, "demo.yaml");
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    expect((error as MempredError).code).toBe("INVALID_SCENARIO");
    expect((error as MempredError).details.file).toBe("demo.yaml");
    return error as MempredError;
  }
  throw new Error(`accepted: ${text}`);
}

describe("messages", () => {
  const FAMILIES = SCENARIO_IDS.join(", ");
  const PRESSURE = "a ratio from 0.05 to 0.985 or a percentage such as 95%";
  const LAWS = "one of uniform, pareto, lognormal, choice, blend";
  it.each([
    ["an unknown key", "name: x\npresure: 0.9", 'demo.yaml:2: unknown key "presure", did you mean "pressure"?'],
    ["an unknown key far from any", "name: x\nzzzzzz: 0.9", 'demo.yaml:2: unknown key "zzzzzz"'],
    [
      "an unknown key within",
      "name: x\nlevel:\n  shape: wave\n  periodSecond: 5",
      'demo.yaml:4: unknown key "periodSecond" in level, did you mean "periodSeconds"?',
    ],
    ["pressure out of range", "name: x\npressure: 1.2", `demo.yaml:2: pressure is 1.2: expected ${PRESSURE}`],
    ["a percentage out of range", "name: x\npressure: 99%", `demo.yaml:2: pressure is "99%": expected ${PRESSURE}`],
    [
      "a negative size",
      "name: x\nsizes:\n  law: uniform\n  lowBytes: -1\n  highBytes: 64",
      "demo.yaml:4: sizes.lowBytes is -1: expected a whole number from 1 to 1048576",
    ],
    [
      "NaN",
      "name: x\nlevel:\n  swingRatio: .nan",
      "demo.yaml:3: level.swingRatio is not a number (NaN): expected a number from 0 to 0.5",
    ],
    [
      "infinity",
      "name: x\nrate: .inf",
      "demo.yaml:2: rate is Infinity: expected requests a second, from 0.1 to 100000",
    ],
    [
      "a wrong type",
      "name: x\nrate: fast",
      'demo.yaml:2: rate is "fast": expected requests a second, from 0.1 to 100000',
    ],
    ["a list for a mapping", "name: x\nmix: [1, 2]", "demo.yaml:2: mix is a list: expected a mapping"],
    [
      "a mapping for a list",
      "name: x\nregimes: {}",
      "demo.yaml:2: regimes is a mapping: expected a list of 1 to 64 entries",
    ],
    ["nothing for a law", "name: x\nsizes:", `demo.yaml:2: sizes is empty: expected ${LAWS}`],
    ["an unknown law", "name: x\nsizes: { law: gaussian }", `demo.yaml:2: sizes.law is "gaussian": expected ${LAWS}`],
    ["a missing law", "name: x\nsizes: { lowBytes: 5 }", `demo.yaml:2: sizes.law is missing: expected ${LAWS}`],
    ["an empty file", "", "demo.yaml:1: the file is empty: expected a mapping"],
    [
      "no name",
      "title: x",
      "demo.yaml:1: name is missing: expected a name of 1 to 60 lower-case letters, digits and hyphens",
    ],
    [
      "a bad name",
      "name: Two Words",
      'demo.yaml:1: name is "Two Words": expected a name of 1 to 60 lower-case letters, digits and hyphens',
    ],
    [
      "a long text",
      `name: x\ntitle: ${"a".repeat(100)}`,
      `demo.yaml:2: title is "${"a".repeat(40)}...": expected a text of 1 to 80 characters`,
    ],
    [
      "an unknown base",
      "name: x\nbase: tyde",
      `demo.yaml:2: base is "tyde", did you mean "tide"?: expected one of ${FAMILIES}`,
    ],
    [
      "a bad duration",
      "name: x\nduration: 5d",
      'demo.yaml:2: duration is "5d": expected seconds from 1 to 86400, or a time such as 90s, 10m, 1h',
    ],
    [
      "a mix that does not add up",
      "name: x\nmix: { atomic: 0.3 }",
      "demo.yaml:2: mix has classes that add to 1.15: expected atomic + deadline + wait = 1",
    ],
    [
      "bounds the wrong way round",
      "name: x\nsizes: { law: uniform, lowBytes: 9, highBytes: 4 }",
      "demo.yaml:2: sizes.highBytes is 4: expected at least lowBytes, 9",
    ],
    [
      "bounds the wrong way round in a blend",
      "name: x\nsizes:\n  law: blend\n  parts:\n    - share: 1\n      sizes: { law: pareto, lowBytes: 9, highBytes: 4, alpha: 1 }",
      "demo.yaml:6: sizes.parts[0].sizes.highBytes is 4: expected at least lowBytes, 9",
    ],
    [
      "bounds the wrong way round in a regime",
      "name: x\nregimes:\n  - seconds: 5\n  - seconds: 5\n    sizes: { law: uniform, lowBytes: 9, highBytes: 4 }",
      "demo.yaml:5: regimes[1].sizes.highBytes is 4: expected at least lowBytes, 9",
    ],
    [
      "a leak without a sawtooth",
      "name: x\nlevel:\n  leaks: true",
      "demo.yaml:3: level.leaks is true with the shape constant: expected the shape sawtooth where blocks leak",
    ],
    [
      "steps without values",
      "name: x\nlevel: { shape: steps }",
      "demo.yaml:2: level.steps is missing: expected the values of the steps, each from -1 to 1",
    ],
    [
      "half an event",
      "name: x\nevents:\n  gapSeconds: 4",
      "demo.yaml:2: events.schedule is missing: expected one of jittered, poisson (and 4 more)",
    ],
    [
      "an event without requests",
      "name: x\nevents: { gapSeconds: 4, schedule: poisson, lowSeconds: 1, highSeconds: 2, lifeSeconds: 1, liftRatio: 0.1 }",
      "demo.yaml:2: events brings no requests: expected a herd or a rateFactor over 1",
    ],
    [
      "an event that ends before it begins",
      "name: x\nbase: stampede\nevents:\n  lowSeconds: 5\n  herd: { lowRequests: 9, highRequests: 8, withinMillis: 1 }",
      "demo.yaml:3: events.highSeconds is 2: expected at least lowSeconds, 5 (and 1 more)",
    ],
    [
      "an event's sizes",
      "name: x\nbase: burst\nevents:\n  sizes: { law: uniform, lowBytes: 9, highBytes: 4 }",
      "demo.yaml:4: events.sizes.highBytes is 4: expected at least lowBytes, 9",
    ],
    [
      "a cache without its share",
      "name: x\ntenants:\n  - { name: a, share: 1, isReclaimable: true }",
      "demo.yaml:3: tenants[0] is reclaimable without occupies: expected occupies: the share of the heap that it holds",
    ],
    [
      "tenants of one name",
      "name: x\ntenants:\n  - { name: a, share: 1 }\n  - { name: a, share: 1 }",
      'demo.yaml:4: tenants[1].name is "a" again: expected a name of its own',
    ],
    [
      "tenants that leave no room",
      "name: x\ntenants:\n  - { name: a, share: 1, occupies: { lowRatio: 0.5, highRatio: 0.6 } }\n  - { name: b, share: 1, occupies: { lowRatio: 0.5, highRatio: 0.4 } }",
      "demo.yaml:2: tenants occupy 1 of the heap: expected at most 0.9 together (and 2 more)",
    ],
    [
      "a tenant that works longer than its period",
      "name: x\ntenants:\n  - name: a\n    share: 1\n    active: { everySeconds: 5, forSeconds: 6 }",
      "demo.yaml:5: tenants[0].active.forSeconds is 6: expected at most everySeconds, 5",
    ],
    [
      "a peak over the heap without a cache",
      "name: x\npeakRatio: 1.2",
      "demo.yaml:2: peakRatio is 1.2: expected at most 0.99 where no tenant is reclaimable",
    ],
    [
      "bad YAML",
      "name: x\nmix: { atomic: 0.2\nrate: 5",
      "demo.yaml:3: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }: expected YAML 1.2 or JSON",
    ],
    [
      "a key twice",
      "name: x\nname: y",
      "demo.yaml:2: not valid YAML: Map keys must be unique: expected YAML 1.2 or JSON",
    ],
    [
      "two documents",
      "name: x\n---\nname: y",
      "demo.yaml:2: not valid YAML: Source contains multiple documents: expected YAML 1.2 or JSON",
    ],
    [
      "an alias to nothing",
      "name: *q",
      "demo.yaml:1: not valid YAML: Unresolved alias (the anchor must be set before the alias): q: expected YAML 1.2 or JSON",
    ],
    [
      "a tag of its own",
      "name: !env HOME",
      "demo.yaml:1: not valid YAML: Unresolved tag: !env: expected YAML 1.2 or JSON",
    ],
    ["bad JSON", '{\n  "name": "x",\n  "rte": 5\n}', 'demo.yaml:3: unknown key "rte", did you mean "rate"?'],
  ])("%s", (_, text, message) => {
    expect(refusal(text).message).toBe(message);
  });

  it("details carry line, path, what was expected, and every mistake", () => {
    const error = refusal("name: x\nrate: fast\nlevel:\n  shape: wavy\n  wander: 1");
    expect(error.details).toMatchObject({
      file: "demo.yaml",
      line: 2,
      path: "rate",
      expected: "requests a second, from 0.1 to 100000",
    });
    expect(error.details["problems"]).toEqual([
      'demo.yaml:2: rate is "fast": expected requests a second, from 0.1 to 100000',
      'demo.yaml:4: level.shape is "wavy": expected one of constant, wave, triangle, ramp, sawtooth, square, steps',
      'demo.yaml:5: unknown key "wander" in level',
    ]);
    expect(error.message).toContain("(and 2 more)");
  });

  it("no text is too strange: huge, nested aliases, other keys than strings, prototypes", () => {
    expect(refusal(`name: ${"x".repeat(1_000_001)}`).message).toContain("at most 1000000");
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++) {
      const [now, before] = ["abcdefghi"[i], "abcdefghi"[i - 1]];
      bomb.push(`${now}: &${now} [${Array(9).fill(`*${before}`).join(", ")}]`);
    }
    expect(refusal(bomb.join("\n")).message).toMatch(/not valid YAML: Excessive alias count/);
    expect(refusal("? [a]\n: 4\nname: x").message).toMatch(/^demo.yaml:1: not valid YAML/);
    expect(refusal("name: x\n__proto__: { rate: 5 }").message).toBe('demo.yaml:2: unknown key "__proto__"');
    expect(refusal("- name: x").message).toBe("demo.yaml:1: the file is a list: expected a mapping");
    expect(refusal("name: x\n<<: { rate: 5 }").message).toContain('unknown key "<<"');
  });
});

describe("what a file means", () => {
  it("a name alone is the steady family under another name", () => {
    const file = parseScenario("name: my-own", "f.yaml").generate(options);
    expect(file.name).toBe("my-own");
    expect(digestDemand({ ...file, name: "steady", tenants: ["steady"] })).toBe(
      digestDemand(getScenario("steady").generate(options)),
    );
  });

  it("a base alone is that family", () => {
    for (const spec of FAMILY_SPECS) {
      const own = parseScenarioSpec(`name: my-own\nbase: ${spec.id}`, "f.yaml");
      expect({ ...own, id: spec.id, title: spec.title, description: spec.description }).toEqual(spec);
      expect(own.description).toBe(`my-own, after ${spec.id}. ${spec.description}`);
    }
  });

  it("every family can be written as a file", () => {
    for (const { id, title, description, ...rest } of FAMILY_SPECS) {
      const text = JSON.stringify({ name: id, title, description, ...rest }, null, 1);
      expect(parseScenarioSpec(text, "f.json"), id).toEqual({ id, title, description, ...rest });
    }
  });

  it("level, mix, arrivals and events are laid over the base's key by key; null takes away", () => {
    const spec = parseScenarioSpec(
      "name: x\nbase: stampede\nlevel: { wanderRatio: 0.02 }\nmix: { atomic: 0.05, wait: 0.8 }\nevents: { gapSeconds: 7 }\n" +
        "arrivals: { law: regular }",
      "f.yaml",
    );
    const base = FAMILY_SPECS.find((each) => each.id === "stampede")!;
    expect(spec.level).toEqual({ ...base.level, wanderRatio: 0.02 });
    expect(spec.mix).toEqual({ ...base.mix, atomic: 0.05, wait: 0.8 });
    expect(spec.events).toEqual({ ...base.events, gapSeconds: 7 });
    expect(spec.arrivals).toEqual({ law: "regular" });
    const bare = parseScenarioSpec("name: x\nbase: mixed-tenants\ntenants: null\npeakRatio: 0.97", "f.yaml");
    expect(bare.tenants).toBeUndefined();
    expect(parseScenarioSpec("name: x\nbase: stampede\nevents: null", "f.yaml").events).toBeUndefined();
    expect(parseScenarioSpec("name: x\nbase: swiss-cheese\nregimes: null", "f.yaml").regimes).toBeUndefined();
  });

  it.each([
    ["0.95", 0.95],
    ["95", 0.95],
    ["95%", 0.95],
    ["98.5%", 0.985],
  ])("pressure: %s is %d", (text, ratio) => {
    expect(parseScenario(`name: x\npressure: ${text}`, "f.yaml").pressureRatio).toBeCloseTo(ratio, 12);
  });

  it.each([
    ["90", 90],
    ["90s", 90],
    ["1.5m", 90],
    ["1h", 3600],
    ["2500ms", 2.5],
  ])("duration: %s is %d s", (text, seconds) => {
    expect(parseScenario(`name: x\nduration: ${text}`, "f.yaml").durationMicros).toBe(seconds * 1_000_000);
  });

  it("what is not said is not there", () => {
    const scenario = parseScenario("name: x", "f.yaml");
    expect("durationMicros" in scenario || "ratePerSecond" in scenario || "pressureRatio" in scenario).toBe(false);
    expect(parseScenario("name: x\nrate: 50", "f.yaml").ratePerSecond).toBe(50);
  });
});

describe("examples and schema", () => {
  const schema = JSON.parse(readFileSync(new URL("../../schemas/scenario.schema.json", import.meta.url), "utf8"));
  const validate = new Ajv2020().compile(schema);

  it("schemas/scenario.schema.json is current (scripts/scenario-schema.ts writes it)", () => {
    expect(readFileSync(new URL("../../schemas/scenario.schema.json", import.meta.url), "utf8")).toBe(
      scenarioJsonSchema(),
    );
  });

  it.each(["evening-peak.yaml", "nightly-batch.json"])("%s fits the schema and meets its level", (file) => {
    const text = exampleText(file);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    const scenario = parseScenario(text, file);
    const demand = scenario.generate({
      ...options,
      pressureRatio: scenario.pressureRatio!,
      ratePerSecond: scenario.ratePerSecond!,
    });
    checkDemand(demand);
    const level = measureLevel(demand, fillEndMicros(demand.durationMicros));
    expect(Math.abs(level.meanRatio - scenario.pressureRatio!)).toBeLessThan(0.004);
    expect(level.heldPeakRatio).toBeLessThan(0.99);
  });

  it("the schema refuses what the reader refuses", () => {
    expect(validate({ name: "x", presure: 1 })).toBe(false);
    expect(validate({ name: "x", level: { swingRatio: 3 } })).toBe(false);
    expect(validate({ name: "x", sizes: { law: "gaussian" } })).toBe(false);
    expect(validate({ name: "x", events: null })).toBe(true);
  });
});

describe("documentation", () => {
  const page = readFileSync(new URL("../../docs/scenarios.md", import.meta.url), "utf8");

  it("docs/scenarios.md names every family and every key of the schema", () => {
    for (const id of SCENARIO_IDS) expect(page).toContain(`| \`${id}\` |`);
    const keys = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, child] of Object.entries(value)) {
        if (key === "properties") for (const name of Object.keys(child as object)) keys.add(name);
        collect(child);
      }
    };
    collect(JSON.parse(scenarioJsonSchema()));
    expect(keys.size).toBeGreaterThan(50);
    for (const key of keys) expect(page, key).toMatch(new RegExp(`\`[^\`]*${key.replace("$", "\\$")}[^\`]*\``));
  });
});
