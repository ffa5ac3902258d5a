// What is computed in Node and in the browser and must come out the same to the last bit: every family of demand under several
// policies, with whole results, journals and predictor states; recordings; scenario files; training; statistics. Digests only,
// so that a difference names its line.

import {
  allPolicies,
  crc32,
  DEFAULT_CAPACITY_BYTES,
  type Demand,
  Digest,
  getScenario,
  joinSamples,
  MeanBootstrap,
  MICROS_PER_SECOND,
  parseTrace,
  SampleCollector,
  SCENARIO_IDS,
  type SimulateOptions,
  simulate,
  traceToDemand,
  trainOffline,
  weightsToJson,
} from "../../pure.ts";
import { parseScenario } from "../../scenarios/scenario-file.ts";

/** Digests by what they are of. */
export type Sample = Record<string, string>;

/** Texts that are files elsewhere: recordings by format, and one scenario file. */
export interface SampleInput {
  readonly traces: Readonly<Record<string, string>>;
  readonly scenario: string;
}

const POLICIES = ["reactive", "reactive:window", "watermark", "placebo", "predictive", "neural"];
const SECONDS = 20;

export function computeSample(input: SampleInput): Sample {
  const sample: Sample = {};
  const collected = [];
  for (const id of SCENARIO_IDS) {
    for (const seed of [1, 2]) {
      const demand = getScenario(id).generate(optionsOf(seed));
      sample[`${id} ${seed} demand`] = demandDigest(demand);
      for (const policy of POLICIES) {
        const samples = new SampleCollector();
        addRun(sample, `${id} ${seed} ${policy}`, { demand, policy, seed, placeboRuns: 20, samples });
        if (policy === "neural") collected.push(samples.samples());
      }
    }
  }
  for (const { id } of allPolicies()) {
    const demand = getScenario("burst").generate(optionsOf(3));
    addRun(sample, `burst 3 ${id}, best fit`, {
      demand,
      policy: id,
      seed: 3,
      placeboRuns: 20,
      fit: "best",
      retries: 1,
    });
  }
  const trained = trainOffline({ samples: joinSamples(collected), epochs: 2, seed: 1 });
  sample["training"] = textDigest(weightsToJson(trained.weights) + JSON.stringify(trained.lossCurve));
  for (const [name, text] of Object.entries(input.traces)) {
    const trace = parseTrace(text, name);
    const demand = traceToDemand(trace, { pressureRatio: 0.95, seed: 1, ratePerSecond: 1000 });
    sample[`${name} demand`] = demandDigest(demand);
    addRun(sample, `${name} predictive`, { demand, policy: "predictive", seed: 1 });
  }
  const written = parseScenario(input.scenario, "file.yaml").generate(optionsOf(1));
  sample["scenario file"] = demandDigest(written);
  const values = Float64Array.from({ length: 20 }, (_, i) => Math.sqrt(i + 1) - 3);
  sample["bootstrap"] = textDigest(JSON.stringify(new MeanBootstrap(20).interval(values)));
  return sample;
}

function optionsOf(seed: number) {
  const durationMicros = SECONDS * MICROS_PER_SECOND;
  return { pressureRatio: 0.95, seed, durationMicros, ratePerSecond: 100, capacityBytes: DEFAULT_CAPACITY_BYTES };
}

/** The run's own digest, that of the whole result as JSON, of the journal and of the predictor's bytes. */
function addRun(sample: Sample, name: string, options: SimulateOptions): void {
  const journal = new Digest();
  const { result, predictorState } = simulate({ ...options, journal: (line) => journal.addText(line) });
  const state = predictorState === null ? "none" : crc32(predictorState).toString(16);
  sample[name] = `${result.hash} ${textDigest(JSON.stringify(result))} ${journal.hex()} ${state}`;
}

function demandDigest(demand: Demand): string {
  const digest = new Digest();
  for (let row = 0; row < demand.length; row++) {
    digest.addInteger(demand.timeMicros[row] as number);
    digest.addWords(demand.id[row] as number, demand.sizeBytes[row] as number);
    digest.addWords(
      (demand.kind[row] as number) * 256 + (demand.requestClass[row] as number),
      demand.flags[row] as number,
    );
  }
  return `${demand.length} ${digest.hex()}`;
}

function textDigest(text: string): string {
  const digest = new Digest();
  digest.addText(text);
  return digest.hex();
}
