// Benchmark of the Markov model: an observation with its training step, a prediction with nothing remembered from before, both with
// string keys and contexts as a cache uses them; against a textbook's back-off over maps on the same accesses in the same run. CPU
// time, the fastest of several rounds that alternate, as the machine may be shared.
//
//   npx tsx scripts/bench/prediction.ts [--smoke]

import { pathToFileURL } from "node:url";
import { markovFromJson, markovToJson } from "../../cache/markov-document.ts";
import { KeyPredictions, MarkovModel } from "../../cache/markov-model.ts";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import type { BenchRow } from "./bench-row.ts";

interface Contender {
  observe(context: string, key: string): void;
  /** @returns something that depends on what was predicted */
  predict(context: string): number;
}

/** Accesses of four contexts with a memory of two keys, over 400 keys. */
function accesses(count: number): { contexts: string[]; keys: string[] } {
  const random = new RandomStream(1, "bench prediction");
  const last = Array.from({ length: 4 }, () => [0, 1]);
  const [contexts, keys] = [new Array<string>(count), new Array<string>(count)];
  for (let i = 0; i < count; i++) {
    const who = random.integer(4);
    const [a, b] = last[who]!;
    const next = random.chance(0.75) ? (a! * 3 + b! * 7 + who) % 100 : random.integer(400);
    last[who] = [b!, next];
    contexts[i] = `context ${who}`;
    keys[i] = `/files/of/a/workspace/${next}.ts`;
  }
  return { contexts, keys };
}

function markov(model: MarkovModel): Contender {
  const out = new KeyPredictions();
  return {
    observe: (context, key) => model.observe(context, key),
    predict(context) {
      model.model.invalidate(); // or the last prediction would be given again
      model.predict(context, 5, out);
      return out.count > 0 ? out.keys[0]!.length : 0;
    },
  };
}

/** Back-off of order 2 over maps, sorted at each prediction. */
function textbook(): Contender {
  const tables = new Map<string, Map<string, number>>();
  const last = new Map<string, readonly [string, string]>();
  const prefixes = (context: string) => {
    const [a, b] = last.get(context) ?? ["", ""];
    return [`${context}\n${a}\n${b}`, `${context}\n${b}`, context];
  };
  return {
    observe(context, key) {
      for (const prefix of prefixes(context)) {
        let counts = tables.get(prefix);
        if (counts === undefined) tables.set(prefix, (counts = new Map()));
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      last.set(context, [last.get(context)?.[1] ?? "", key]);
    },
    predict(context) {
      const found: string[] = [];
      for (const prefix of prefixes(context)) {
        for (const [key] of [...(tables.get(prefix) ?? [])].sort((a, b) => b[1] - a[1])) {
          if (found.length < 5 && !found.includes(key)) found.push(key);
        }
        if (found.length === 5) break;
      }
      return found[0]?.length ?? 0;
    },
  };
}

const keep = new Float64Array(1);

export async function benchPrediction({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const count = smoke ? 2_000 : 40_000;
  const rounds = smoke ? 2 : 12;
  const { contexts, keys } = accesses(count);
  const model = new MarkovModel();
  const contenders = [markov(model), textbook()];
  const observing = contenders.map(() => Infinity);
  const predicting = contenders.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    contenders.forEach((one, i) => {
      let start = process.cpuUsage();
      for (let at = 0; at < count; at++) one.observe(contexts[at]!, keys[at]!);
      observing[i] = Math.min(observing[i]!, nanos(start, count));
      const predictions = Math.min(count, 5_000);
      start = process.cpuUsage();
      for (let at = 0; at < predictions; at++) keep[0] = keep[0]! + one.predict(contexts[at]!);
      predicting[i] = Math.min(predicting[i]!, nanos(start, predictions));
    });
  }
  const textBytes = markovToJson(model).length;
  const start = process.cpuUsage();
  const again = markovFromJson(markovToJson(model));
  const documentMillis = nanos(start, 1) / 1e6;
  model.check();
  return [
    {
      name: "prediction of five keys",
      value: predicting[0]! / 1000,
      unit: "µs",
      mark: "< 2",
      note: "row C30: < 100 µs; order 2, 4 contexts, 400 keys",
    },
    { name: "observation with its training step", value: observing[0]! / 1000, unit: "µs", mark: "< 5" },
    {
      name: "textbook's back-off over maps: prediction",
      value: predicting[1]! / predicting[0]!,
      unit: "x",
      mark: ">= 5",
    },
    { name: "textbook's back-off over maps: observation", value: observing[1]! / observing[0]!, unit: "x" },
    { name: "state of the model", value: model.stateBytes / 1024, unit: "KiB", note: "strings of the keys apart" },
    { name: "model written to text and read again", value: documentMillis, unit: "ms", note: `${textBytes} units` },
    { name: "digest", value: 0, unit: "", note: digestOf(again) },
  ];
}

function nanos(start: NodeJS.CpuUsage, count: number): number {
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

/** Over what the model decides by. */
function digestOf(model: MarkovModel): string {
  const digest = new Digest();
  digest.addText(markovToJson(model));
  return digest.hex();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const { name, value, unit, mark, note } of await benchPrediction({ smoke: process.argv.includes("--smoke") })) {
    const figure = unit === "" ? "" : `${value.toFixed(value < 1 ? 3 : 2)} ${unit}`;
    const rest = [mark === undefined ? "" : `mark ${mark}`, note ?? ""].filter((text) => text !== "").join("; ");
    process.stdout.write(`${name.padEnd(50)} ${figure.padStart(12)}  ${rest}\n`);
  }
}
