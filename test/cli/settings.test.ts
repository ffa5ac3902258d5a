import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COMMANDS, COMMON_OPTIONS } from "../../cli/catalogue.ts";
import { addConfigFile } from "../../cli/config-file.ts";
import { addEnvironment, Settings, settingOf, variableOf } from "../../cli/settings.ts";
import { parsePressureRatio } from "../../cli/units.ts";
import type { MempredError } from "../../core/errors.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const stress = COMMANDS.find((command) => command.name === "stress")!;
const everyOption = [...COMMON_OPTIONS, ...COMMANDS.flatMap((command) => command.options)];

function fromConfig(text: string, command = stress): Settings {
  const path = join(temporaryFolder(), "mempred.yaml");
  writeFileSync(path, text);
  const settings = new Settings();
  addConfigFile(settings, path, command, COMMANDS, COMMON_OPTIONS);
  return settings;
}

function errorOf(action: () => unknown): MempredError {
  try {
    action();
  } catch (error) {
    return error as MempredError;
  }
  throw new Error("nothing was thrown");
}

describe("settings", () => {
  test("the first source given is the strongest, and errors say where a value came from", () => {
    const settings = new Settings();
    settings.add("pressure", "140", "--pressure");
    settings.add("pressure", "95", "MEMPRED_PRESSURE");
    expect(settings.sourceOf("pressure")).toBe("--pressure");
    expect(errorOf(() => settings.get("pressure", parsePressureRatio, null)).message).toBe(
      "--pressure: a pressure of 140 % cannot be",
    );
    expect([...settings.describe()]).toEqual(["pressure = 140 (--pressure)"]);
  });

  test("lists take commas, several words and blanks; an empty one is an error", () => {
    const settings = new Settings();
    settings.add("scenario", ["steady,burst", " tide "], "--scenario");
    settings.add("policy", "reactive , neural", "MEMPRED_POLICY");
    settings.add("pressure", " , ", "--pressure");
    const word = (text: string) => text;
    expect(settings.list("scenario", word, null)).toEqual(["steady", "burst", "tide"]);
    expect(settings.get("scenario", word, null)).toBe("steady,burst, tide ");
    expect(settings.list("policy", word, null)).toEqual(["reactive", "neural"]);
    expect(settings.list("nothing", word, null)).toBeNull();
    expect(errorOf(() => settings.list("pressure", word, null)).message).toContain("--pressure: the list is empty");
    expect([...settings.describe()][0]).toBe("scenario = steady,burst, tide  (--scenario)");
  });

  test("a switch where a value belongs, and the other way round", () => {
    const settings = new Settings();
    settings.add("seeds", true, "mempred.yaml:1");
    settings.add("metrics", "perhaps", "MEMPRED_METRICS");
    expect(errorOf(() => settings.get("seeds", String, null)).message).toContain("a value is needed");
    expect(errorOf(() => settings.list("seeds", String, null)).message).toContain("a value is needed");
    expect(errorOf(() => settings.isOn("metrics", false)).message).toContain("MEMPRED_METRICS");
    expect(settings.isOn("autonomy", true)).toBe(true);
  });

  test("errors that are none of ours pass through", () => {
    const settings = new Settings();
    settings.add("x", "1", "--x");
    const broken = () => {
      throw new RangeError("bug");
    };
    expect(() => settings.get("x", broken, null)).toThrow(RangeError);
  });
});

describe("the environment", () => {
  test("MEMPRED_* by option name; a switch by what it switches; empty means unset", () => {
    const settings = new Settings();
    const warnings = addEnvironment(settings, [...COMMON_OPTIONS, ...stress.options], everyOption, {
      MEMPRED_PRESSURE: "95",
      MEMPRED_AUTONOMY: "0",
      MEMPRED_SEEDS: "",
      MEMPRED_HOME: "/somewhere",
      PATH: "/bin",
    });
    expect(warnings).toEqual([]);
    expect(settings.get("pressure", String, null)).toBe("95");
    expect(settings.isOn("autonomy", true)).toBe(false);
    expect(settings.has("seeds")).toBe(false);
  });

  test("a variable that nothing reads is warned about, with a suggestion", () => {
    const warnings = addEnvironment(new Settings(), [], everyOption, { MEMPRED_PRESURE: "95", MEMPRED_QQQQ: "1" });
    expect(warnings).toEqual([
      'MEMPRED_PRESURE is not a setting, did you mean "MEMPRED_PRESSURE"?',
      "MEMPRED_QQQQ is not a setting",
    ]);
    expect(variableOf("no-x")).toBe("MEMPRED_NO_X");
    expect(settingOf({ name: "no-color", description: "" })).toEqual({ name: "color", switchValue: false });
    expect(settingOf({ name: "workers", value: "N", description: "", aliasOf: "jobs" }).name).toBe("jobs");
  });
});

describe("the config file", () => {
  test("top level for every command, a section for one; the section goes first", () => {
    const text =
      "seeds: 3\npressure: [75, 95]\nmetrics: true\nstress:\n  seeds: 9\n  autonomy: false\nreport:\n  format: md\n";
    const settings = fromConfig(text);
    expect(settings.get("seeds", Number, null)).toBe(9);
    expect(settings.list("pressure", Number, null)).toEqual([75, 95]);
    expect(settings.isOn("metrics", false)).toBe(true);
    expect(settings.isOn("autonomy", true)).toBe(false);
    expect(settings.has("format")).toBe(false);
    expect(settings.sourceOf("pressure")).toMatch(/mempred\.yaml:2$/);
    const report = fromConfig(text, COMMANDS.find((command) => command.name === "report")!);
    expect(report.get("format", String, null)).toBe("md");
    expect(report.has("seeds")).toBe(false);
  });

  test("camelCase and snake_case are the same names; JSON is YAML; numbers stay as written; empty is fine", () => {
    expect(fromConfig('{ "no_such": 1 }'.replace("no_such", "seeds")).get("seeds", String, null)).toBe("1");
    expect(fromConfig("duration: 10m\nmix: 15,15,70\n").get("mix", String, null)).toBe("15,15,70");
    expect(fromConfig("seed: 007\n").get("seed", String, null)).toBe("007");
    expect([...fromConfig("# nothing\n").describe()]).toEqual([]);
  });

  test.each([
    ["presure: 95", 'unknown key "presure", did you mean "pressure"?'],
    ["seeds: 3\nstres:\n  seeds: 2", 'unknown key "stres", did you mean "stress"?'],
    ["stress:\n  scenaro: steady", 'unknown key "scenaro", did you mean "scenario"?'],
    ["report:\n  seeds: 3", 'unknown key "seeds"'],
    ["config: other.yaml", 'unknown key "config"'],
    ["stress: 5", '"stress" is a section'],
    ["metrics: 5", '"metrics" has no value'],
    ["seeds: {a: 1}", '"seeds" has no value'],
    ["seeds:", '"seeds" has no value'],
    ["pressure: [75, null]", '"pressure" has no value'],
    ["metrics: [true]", '"metrics" has no value'],
    ["- a\n- b", "not a set of settings"],
    ["seeds: [1", ":1: "],
  ])("%j is an error with its line", (text, message) => {
    const error = errorOf(() => fromConfig(text));
    expect(error.code).toBe("INVALID_INPUT");
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/mempred\.yaml:\d+: /);
    expect(error.details.line).toBeGreaterThan(0);
  });

  test("a file that is not there", () => {
    const missing = () => addConfigFile(new Settings(), "/nowhere/x.yaml", stress, COMMANDS, COMMON_OPTIONS);
    expect(errorOf(missing).code).toBe("NOT_FOUND");
  });

  test("a password in an address is not told", () => {
    const settings = new Settings();
    settings.add("redis", "redis://user:secret@cache:6379/1", "--redis");
    expect([...settings.describe()]).toEqual(["redis = redis://user:***@cache:6379/1 (--redis)"]);
  });

  test("flags before MEMPRED_* before the file, and --verbose says which", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "c.yaml");
    writeFileSync(path, "pressure: 50\nseed: 1\nduration: 10s\nscenario: steady\npolicy: none\nquiet: false\n");
    const words = ["stress", "--config", path, "--pressure", "80", "--verbose"];
    const { status, stdout, stderr } = await run(words, {
      folder,
      environment: { MEMPRED_PRESSURE: "70", MEMPRED_SEED: "4", MEMPRED_PRESURE: "1" },
    });
    expect(stderr).toContain("pressure = 80 (--pressure)");
    expect(stderr).toContain("seed = 4 (MEMPRED_SEED)");
    expect(stderr).toContain(`duration = 10s (${path}:3)`);
    expect(stderr).toContain('warning: MEMPRED_PRESURE is not a setting, did you mean "MEMPRED_PRESSURE"?');
    expect(stderr).toContain("1 runs of 10s");
    expect(stdout).toContain("pressure 80 %");
    expect(stdout).toContain("seed 4");
    expect(status).toBe(0);
  });
});
