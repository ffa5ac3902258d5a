// What there is to type: every command, argument and option, as data. The parser, the help, the config file, the
// environment and the shell completion are all made from it, so they cannot disagree. Nothing heavy is imported here:
// `load` brings in the code of a command when it runs.

import type { Command } from "./command.ts";

export interface OptionSpec {
  /** Long name without dashes: "pressure", "no-autonomy" for a switch that turns something off. */
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in the help; absent: a switch. */
  readonly value?: string;
  /** The value may be left out. */
  readonly isValueOptional?: true;
  /** Takes several words: --scenario steady burst. */
  readonly isVariadic?: true;
  readonly description: string;
  readonly choices?: readonly string[];
  /** What completion offers: ids of a registry, or files. */
  readonly completes?: "scenario" | "policy" | "cache-policy" | "attack" | "file" | "folder";
  /** Heading in the help; "What to run" when left out. */
  readonly group?: "How to run it" | "Output" | "Everywhere";
  /** Another name of an option: its value goes there. */
  readonly aliasOf?: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly isOptional?: true;
  readonly isVariadic?: true;
  readonly completes?: "file" | "shell" | "topic";
}

export interface CommandSpec {
  /** One word, or two of which the first is a group of COMMAND_GROUPS. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** What holds when nothing is said. */
  readonly defaults?: string;
  readonly load: () => Promise<Command>;
}

/** Options of every command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  {
    name: "quiet",
    group: "Everywhere",
    short: "q",
    description: "no progress, no hints; of the text result the verdict alone",
  },
  {
    name: "verbose",
    group: "Everywhere",
    short: "v",
    description: "say on stderr which settings apply and where each came from",
  },
  { name: "no-color", group: "Everywhere", description: "no colour, whatever the terminal says" },
  {
    name: "config",
    group: "Everywhere",
    value: "FILE",
    description: "settings in YAML, by option name; flags and MEMPRED_* go before it",
    completes: "file",
  },
  {
    name: "output",
    group: "Everywhere",
    short: "o",
    value: "DIR",
    description: "where the last run is kept (.mempred, or MEMPRED_HOME)",
    completes: "folder",
  },
];

const JSON_SWITCH: OptionSpec = {
  name: "json",
  group: "Output",
  description: "the result as one JSON document on stdout",
};

const SUITE_OPTIONS: readonly OptionSpec[] = [
  { name: "pressure", value: "LIST", description: "levels in percent of the capacity, such as 50,75,95" },
  {
    name: "policy",
    value: "LIST",
    description: "policies to run, or all; the first reactive one is the baseline",
    completes: "policy",
  },
  { name: "seeds", value: "N|A..B|LIST", description: "5 means 1..5; each seed is another demand" },
  { name: "seed", value: "N", description: "one seed" },
  { name: "rate", value: "N", description: "requests a virtual second" },
  { name: "capacity", value: "SIZE", description: "the arena, such as 100KiB or 1MiB" },
  {
    name: "mix",
    value: "A,D,W[,P]",
    description: "percent atomic, deadline, wait (and pinned) in place of the scenario's own",
  },
  {
    name: "fit",
    group: "How to run it",
    value: "NAME",
    description: "how the allocator picks a hole",
    choices: ["segregated", "best"],
  },
  {
    name: "weights",
    group: "How to run it",
    value: "FILE|cold",
    description: "weights for `neural` to start from in place of the shipped ones; cold: random",
  },
  {
    name: "reserve",
    group: "How to run it",
    value: "SIZE",
    description: "bytes that only atomic requests may use, for policies with a reserve",
  },
  {
    name: "retries",
    group: "How to run it",
    value: "N",
    description: "closed loop: a denied request comes again, up to N times",
  },
  {
    name: "attack",
    group: "How to run it",
    value: "LIST",
    description: "break things on purpose, at times drawn from the seed: nan, input-drift, clock-jump, ... or all",
    completes: "attack",
  },
  { name: "no-autonomy", group: "How to run it", description: "without the 500 ms decision loop" },
  {
    name: "no-shadow",
    group: "How to run it",
    description: "without the shadow arena that forecasts are scored against",
  },
  { name: "no-watchdog", group: "How to run it", description: "without the watchdog over the forecaster" },
  {
    name: "jobs",
    group: "How to run it",
    short: "j",
    value: "N",
    description: "worker threads; results do not depend on it",
  },
  { name: "workers", group: "How to run it", value: "N", description: "the same as --jobs", aliasOf: "jobs" },
  {
    name: "json",
    group: "Output",
    value: "FILE",
    isValueOptional: true,
    description: "the result as JSON, to FILE, or to stdout in place of the text",
    completes: "file",
  },
  {
    name: "markdown",
    group: "Output",
    value: "FILE",
    description: "the report as Markdown, to FILE or - for stdout",
    completes: "file",
  },
  {
    name: "html",
    group: "Output",
    value: "FILE",
    description: "the report as one page that opens from disk: verdict, cost, and the worst seed to play through",
    completes: "file",
  },
  { name: "metrics", group: "Output", description: "METRIC name=value lines after the text" },
  {
    name: "journal",
    group: "Output",
    value: "FILE",
    description: "each event as JSON Lines; for a suite of exactly one run",
    completes: "file",
  },
];

const JOBS_OPTIONS: readonly OptionSpec[] = [
  {
    name: "jobs",
    group: "How to run it",
    short: "j",
    value: "N",
    description: "worker threads; results do not depend on it",
  },
  { name: "workers", group: "How to run it", value: "N", description: "the same as --jobs", aliasOf: "jobs" },
];

const SCENARIO_OPTION: OptionSpec = {
  name: "scenario",
  value: "NAME|FILE",
  isVariadic: true,
  description: "scenarios by name or file, or all",
  completes: "scenario",
};

/** First words of commands of two, and what they are about. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  cache: "which policy suits a cache: replay recorded accesses, list the policies",
  preload: "what preloading gains: replay recorded sequences, write a planned workload",
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "stress",
    summary: "run policies on the same demand, side by side",
    arguments: [],
    options: [
      SCENARIO_OPTION,
      {
        name: "suite",
        value: "NAME",
        description: "a named set of settings to start from",
        choices: ["default", "quick", "regression"],
      },
      { name: "duration", value: "TIME", description: "virtual time of a run, such as 10m or 1h" },
      ...SUITE_OPTIONS,
      {
        name: "shed-order",
        group: "How to run it",
        value: "NAME",
        description: "which of a cache's blocks goes first, in scenarios that have one",
        choices: ["oldest", "coldest"],
      },
    ],
    defaults:
      "all scenarios, pressure 50,75,85,95,98, policies reactive,predictive, seeds 1..5, 10m each, 100 requests/s, 100KiB",
    examples: [
      "mempred stress                                     everything there is",
      "mempred stress --scenario burst --pressure 95 --seeds 20",
      "mempred stress --scenario steady --policy all --seeds 10 --json all.json",
      "mempred stress --scenario steady --pressure 95 --duration 1h --attack all",
      "mempred stress --scenario mixed-tenants --pressure 95 --policy reactive:quick,cache-ahead --shed-order coldest",
      "mempred stress --scenario tide --pressure 95 --seed 7 --policy predictive --journal tide.jsonl",
    ],
    load: async () => (await import("./commands/stress.ts")).stress,
  },
  {
    name: "replay",
    summary: "run policies on recorded allocation traces",
    arguments: [
      { name: "trace", isVariadic: true, description: "trace files, or names of shipped traces", completes: "file" },
    ],
    options: [
      { name: "format", value: "NAME", description: "the format of the traces; auto looks at the content" },
      {
        name: "stretch",
        value: "X",
        description: "slow recorded times down by this factor in place of setting a rate",
      },
      ...SUITE_OPTIONS,
    ],
    defaults:
      "pressure 95 (the peak of the recording over the arena), policies reactive,predictive, seeds 1..5; a recording that is denser than 10,000 requests/s, or has no times, runs at 100 requests/s",
    examples: [
      "mempred replay perl",
      "mempred replay traces/sqlite.trep.gz --pressure 75,95 --seeds 10",
      "mempred replay my.rep --format rep --rate 200 --json replay.json",
    ],
    load: async () => (await import("./commands/replay.ts")).replay,
  },
  {
    name: "autonomy",
    summary: "several subsystems under stress at once, left to themselves, one limit on compaction over all",
    arguments: [],
    options: [
      { ...SCENARIO_OPTION, description: "the demand of each subsystem, by name or file" },
      {
        name: "subsystems",
        value: "N",
        description: "how many, 1 to 16; the scenarios go round. As many as scenarios when left out",
      },
      {
        name: "machines",
        value: "N",
        description:
          "in place of subsystems 2 to 16 machines that share no limit and tell each other what they learned; the last joins late (tide, 10m, policy neural)",
      },
      { name: "loss", value: "PERCENT", description: "messages between machines that are lost (10)" },
      { name: "delay", value: "TIME", description: "how long a message between machines takes, on average (2s)" },
      { name: "duration", value: "TIME", description: "virtual time, such as 60m" },
      { name: "pressure", value: "PERCENT", description: "the level of each subsystem in percent of its capacity" },
      ...SUITE_OPTIONS.filter(({ name }) =>
        ["policy", "seeds", "seed", "rate", "capacity", "mix", "fit", "attack", "json"].includes(name),
      ),
    ],
    defaults:
      "scenarios steady,burst,tide, pressure 95, 1h, policy predictive, seeds 1..3, 100 requests/s and 100KiB each",
    examples: [
      "mempred autonomy                                   an hour alone",
      "mempred autonomy --subsystems 4 --scenario burst,tide --attack all --seeds 5",
      "mempred autonomy --machines 4 --loss 20 --delay 5s --seeds 5",
    ],
    load: async () => (await import("./commands/autonomy.ts")).autonomy,
  },
  {
    name: "status",
    summary: "the predictor of the last run: weights, confidence, watchdog, recent decisions",
    arguments: [
      { name: "file", isOptional: true, description: "a result file in place of the last run", completes: "file" },
    ],
    options: [JSON_SWITCH],
    examples: ["mempred status", "mempred status result.json --json"],
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "report",
    summary: "accuracy by pressure band, calibration, cold start, cost and decisions of the last run",
    arguments: [
      { name: "run", isOptional: true, description: "a result file in place of the last run", completes: "file" },
    ],
    options: [
      {
        name: "format",
        group: "Output",
        value: "NAME",
        description: "how to print it; html: a page that opens from disk; svg: differences by seed as a picture",
        choices: ["text", "json", "md", "html", "svg"],
      },
      {
        name: "chart",
        group: "Output",
        description: "draw the worst seed over time: pressure, forecast, OOMs; the run is made again",
      },
      { name: "policy", value: "LIST", description: "only these policies", completes: "policy" },
      JSON_SWITCH,
    ],
    examples: [
      "mempred report",
      "mempred report result.json --format md > report.md",
      "mempred report --format html > report.html",
      "mempred report result.json --format svg > seeds.svg",
    ],
    load: async () => (await import("./commands/report.ts")).report,
  },
  {
    name: "compare",
    summary: "hold a result against a baseline; exit 1 on a regression",
    arguments: [
      { name: "baseline", description: "a baseline or result file (or a journal)", completes: "file" },
      { name: "current", description: "a result file (or a journal)", completes: "file" },
    ],
    options: [
      {
        name: "format",
        value: "NAME",
        description: "how to print it",
        choices: ["text", "json", "md", "junit", "github"],
      },
      { name: "tolerance", value: "PERCENT", description: "how much a figure may rise before it counts" },
      {
        name: "save",
        value: "FILE",
        description: "write the current result, reduced to a baseline, to FILE",
        completes: "file",
      },
      JSON_SWITCH,
    ],
    examples: [
      "mempred compare baseline.json current.json",
      "mempred compare baseline.json current.json --format github",
      "mempred compare before.jsonl after.jsonl           the first event at which two journals part",
    ],
    load: async () => (await import("./commands/compare.ts")).compare,
  },
  {
    name: "train",
    summary: "train the network on scenarios or traces and write its weights",
    arguments: [],
    options: [
      SCENARIO_OPTION,
      {
        name: "trace",
        value: "FILE",
        isVariadic: true,
        description: "train on traces in place of scenarios",
        completes: "file",
      },
      { name: "pressure", value: "LIST", description: "levels in percent to train at" },
      { name: "duration", value: "TIME", description: "virtual time of each training run" },
      { name: "seeds", value: "N|A..B|LIST", description: "training seeds; 1..100 are for testing and refused" },
      { name: "seed", value: "N", description: "one training seed" },
      { name: "epochs", value: "N", description: "passes over the samples" },
      {
        name: "engine",
        value: "NAME",
        description: "online: the project's own code; tfjs: TensorFlow.js, where it is installed",
        choices: ["online", "tfjs"],
      },
      { name: "out", group: "Output", value: "FILE", description: "where the weights go", completes: "file" },
      {
        name: "jobs",
        group: "How to run it",
        short: "j",
        value: "N",
        description: "worker threads; results do not depend on it",
      },
      { name: "workers", group: "How to run it", value: "N", description: "the same as --jobs", aliasOf: "jobs" },
      JSON_SWITCH,
    ],
    defaults:
      "all scenarios, pressure 75,85,95,98, seeds 100001..100003, 10m each, 20 epochs, engine online, to weights.json",
    examples: [
      "mempred train --scenario burst,tide --epochs 20 --out weights.json",
      "mempred stress --policy reactive,neural --weights weights.json",
    ],
    load: async () => (await import("./commands/train.ts")).train,
  },
  {
    name: "top",
    summary: "watch a run, or this machine's memory, as it goes: heap map, pressure, forecast, events",
    arguments: [
      {
        name: "journal",
        isOptional: true,
        isVariadic: true,
        description: "one or two journals in place of a run made now",
        completes: "file",
      },
    ],
    options: [
      { ...SCENARIO_OPTION, isVariadic: true, description: "the scenario to run, by name or file" },
      { name: "duration", value: "TIME", description: "virtual time of the run, such as 10m" },
      ...SUITE_OPTIONS.filter(({ name }) => ["pressure", "policy", "seed", "rate", "capacity", "mix"].includes(name)),
      { name: "at", value: "TIME", description: "begin at this moment, paused" },
      { name: "live", description: "the memory of this machine and its control group instead, with the forecast" },
    ],
    defaults:
      "scenario burst, pressure 95, policies reactive,predictive, seed 1, 2m; without a terminal the end of the run",
    examples: [
      "mempred top --scenario tide --pressure 95",
      "mempred top reactive.jsonl predictive.jsonl --at 70s",
      "mempred top --live",
    ],
    load: async () => (await import("./commands/top.ts")).top,
  },
  {
    name: "export",
    summary: "recorded runs in other forms: Perfetto, CSV, Parquet, pictures",
    arguments: [
      { name: "journal", isVariadic: true, description: "journals, as --journal writes them", completes: "file" },
    ],
    options: [
      {
        name: "perfetto",
        group: "Output",
        value: "FILE",
        description: "a trace for ui.perfetto.dev or chrome://tracing: counters, compactions, OOMs, forecasts",
        completes: "file",
      },
      { name: "csv", group: "Output", value: "FILE", description: "a row each 500 ms as CSV", completes: "file" },
      { name: "events", group: "Output", value: "FILE", description: "a row an event as CSV", completes: "file" },
      { name: "parquet", group: "Output", value: "FILE", description: "the same as Parquet", completes: "file" },
      {
        name: "svg",
        group: "Output",
        value: "FILE",
        description: "pressure over time as a picture",
        completes: "file",
      },
      {
        name: "errors",
        group: "Output",
        value: "FILE",
        description: "the error of the forecasts over time as a picture",
        completes: "file",
      },
      {
        name: "calibration",
        group: "Output",
        value: "FILE",
        description: "how likely critical pressure was called against how often it came, as a picture",
        completes: "file",
      },
      {
        name: "compactions",
        group: "Output",
        value: "FILE",
        description: "the compactions as a picture; of two runs with the requests that each spared",
        completes: "file",
      },
      {
        name: "network",
        group: "Output",
        value: "FILE",
        description: "the network as a picture: weights, inputs, forecast, watchdog",
        completes: "file",
      },
      {
        name: "map",
        group: "Output",
        value: "FILE",
        description: "the heap of the first journal as a picture",
        completes: "file",
      },
      { name: "at", value: "TIME", description: "the moment of --map and --network" },
      { name: "from", value: "TIME", description: "where --svg and --compactions begin" },
      { name: "to", value: "TIME", description: "where --svg and --compactions end" },
    ],
    defaults: "--map and --network show the end of the run, --svg and --compactions all of it",
    examples: [
      "mempred export tide.jsonl --perfetto tide.json",
      "mempred export reactive.jsonl predictive.jsonl --svg both.svg --from 2m --to 4m",
      "mempred export tide.jsonl --map heap.svg --at 3m --parquet events.parquet",
      "mempred export reactive.jsonl predictive.jsonl --compactions spared.svg --calibration calibration.svg",
    ],
    load: async () => (await import("./commands/export.ts")).exportRuns,
  },
  {
    name: "evaluate",
    summary: "run the frozen suite on test seeds and write the page of results",
    arguments: [],
    options: [
      { name: "quick", description: "a trial of the machinery: three families, two seeds, short runs" },
      {
        name: "parts",
        value: "LIST",
        description:
          "which parts to run: suite, traces, budgets, forecast, autonomy, or all, or none; the others come from the last evaluation",
      },
      { name: "from", value: "FILE", description: "an earlier evaluation to take the parts from that are not run" },
      {
        name: "policy",
        value: "LIST",
        description: "only these policies in place of all there are",
        completes: "policy",
      },
      { name: "policies", value: "LIST", description: "the same as --policy", aliasOf: "policy" },
      {
        name: "add",
        description:
          "keep the rows of all other policies in these parts of the earlier evaluation, after a sample of its runs gave the same again",
      },
      {
        name: "costs",
        description: "measure what each forecaster costs on this machine; the only wall-clock figures there are",
      },
      {
        name: "seeds",
        value: "N|A..B|LIST",
        description: "other seeds than the test seeds 1..20; a page is made of test seeds alone",
      },
      { name: "seed", value: "N", description: "one seed" },
      ...JOBS_OPTIONS,
      {
        name: "json",
        group: "Output",
        value: "FILE",
        isValueOptional: true,
        description: "the evaluation as JSON, to FILE, or to stdout in place of the text",
        completes: "file",
      },
      {
        name: "docs",
        group: "Output",
        value: "FILE",
        description: "write the page of results to FILE and its figures to figures/ beside it",
        completes: "file",
      },
      { name: "metrics", group: "Output", description: "METRIC name=value lines after the text" },
    ],
    defaults:
      "all parts and policies, seeds 1..20: suite, 10 families at 50,75,85,95,98 %; traces, the shipped recordings at 85,95 %; budgets, 95 % at 0 to 160 kB/s for proactive runs and unlimited; forecast, tick by tick at 95 %; autonomy, an hour at 95 %",
    examples: [
      "mempred evaluate --quick                           does it all work?",
      "mempred evaluate --json evaluation.json --docs docs/results.md",
      "mempred evaluate --parts budgets --policy reactive,watermark,predictive",
      "mempred evaluate --parts suite --policy class-aware --add",
      "mempred evaluate --parts none --from evaluation.json --docs docs/results.md",
    ],
    load: async () => (await import("./commands/evaluate.ts")).evaluate,
  },
  {
    name: "tune",
    summary: "try values of a policy's parameters on tuning seeds",
    arguments: [],
    options: [
      { name: "policy", value: "NAME", description: "the policy to tune", completes: "policy" },
      {
        name: "parameter",
        value: "NAME=V,V",
        isVariadic: true,
        description: "values of a parameter; several parameters make a grid",
      },
      {
        name: "search",
        value: "NAME",
        description: "grid: every combination; coordinate: one parameter after the other, from the best so far",
        choices: ["grid", "coordinate"],
      },
      SCENARIO_OPTION,
      { name: "pressure", value: "LIST", description: "levels in percent of the capacity, such as 95" },
      { name: "duration", value: "TIME", description: "virtual time of a run, such as 10m" },
      { name: "seeds", value: "N|A..B|LIST", description: "tuning seeds; 1..100 are for testing and refused" },
      { name: "seed", value: "N", description: "one tuning seed" },
      ...JOBS_OPTIONS,
      {
        name: "json",
        group: "Output",
        value: "FILE",
        isValueOptional: true,
        description: "the trials as JSON, to FILE, or to stdout in place of the text",
        completes: "file",
      },
      { name: "metrics", group: "Output", description: "METRIC name=value lines after the text" },
    ],
    defaults: "policy predictive, all scenarios, pressure 95, seeds 101..103, 10m each, search grid",
    examples: [
      "mempred tune --policy watermark                    which parameters are there?",
      "mempred tune --policy predictive --parameter NAME=1,2,4 --scenario burst,tide",
    ],
    load: async () => (await import("./commands/tune.ts")).tune,
  },
  {
    name: "scenarios",
    summary: "list the scenarios",
    arguments: [],
    options: [JSON_SWITCH],
    examples: ["mempred scenarios"],
    load: async () => (await import("./commands/scenarios.ts")).scenarios,
  },
  {
    name: "policies",
    summary: "list the policies",
    arguments: [],
    options: [JSON_SWITCH],
    examples: ["mempred policies"],
    load: async () => (await import("./commands/policies.ts")).policies,
  },
  {
    name: "cache replay",
    summary: "run cache policies on recorded accesses, at one size or many",
    arguments: [
      {
        name: "keys",
        isVariadic: true,
        description: "cache traces: vb.br, oracleGeneral, text, CSV, JSON Lines, ...",
        completes: "file",
      },
    ],
    options: [
      {
        name: "policies",
        value: "LIST",
        description: "policies to run, or all, which has the clairvoyant bounds in it",
        completes: "cache-policy",
      },
      {
        name: "policy",
        value: "LIST",
        description: "the same as --policies",
        aliasOf: "policies",
        completes: "cache-policy",
      },
      {
        name: "entries",
        value: "LIST",
        description: "sizes in entries, such as 250,1000, or in percent of the distinct keys, such as 5%",
      },
      {
        name: "bytes",
        value: "LIST",
        description: "sizes in bytes, such as 64MiB, or in percent of all objects; for traces that have sizes",
      },
      {
        name: "curve",
        description: "draw the miss ratio over the size: LRU exactly at every size, the others where they ran",
      },
      { name: "points", value: "N", description: "sizes of a curve where neither --entries nor --bytes say which" },
      { name: "format", value: "NAME", description: "the format of the traces; auto looks at the content" },
      { name: "seed", value: "N", description: "the seed of policies that draw random numbers" },
      ...JOBS_OPTIONS,
      {
        name: "json",
        group: "Output",
        value: "FILE",
        isValueOptional: true,
        description: "the rows as JSON, to FILE, or to stdout in place of the text",
        completes: "file",
      },
      { name: "metrics", group: "Output", description: "METRIC name=value lines after the text" },
    ],
    defaults:
      "policies lru, the cache's own default and the bound opt; entries 1,5,10,25% of the distinct keys, or 16 sizes with --curve; seed 1",
    examples: [
      "mempred cache replay arc_OLTP.vb.br --policies all --entries 250,1000,8192",
      "mempred cache replay *.vb.br --policies all --entries 1%,10% --json cache.json",
      "mempred cache replay web.oracleGeneral.bin.gz --bytes 16MiB,64MiB",
      "mempred cache replay keys.txt --curve",
    ],
    load: async () => (await import("./commands/cache-replay.ts")).cacheReplay,
  },
  {
    name: "cache policies",
    summary: "list the cache policies and where they come from",
    arguments: [],
    options: [JSON_SWITCH],
    examples: ["mempred cache policies"],
    load: async () => (await import("./commands/cache-policies.ts")).cachePolicies,
  },
  {
    name: "serve",
    summary: "the preload service: each user's items, kept warm, over HTTP",
    arguments: [],
    options: [
      { name: "port", value: "N", description: "where to listen; 0: a port that is free, which is printed" },
      { name: "host", value: "ADDRESS", description: "127.0.0.1: this machine alone; 0.0.0.0: every machine" },
      {
        name: "db",
        value: "FILE",
        description: "the SQLite file that keeps items, users and settings; :memory: keeps nothing",
        completes: "file",
      },
      {
        name: "redis",
        value: "URL",
        description: "a Redis server that holds warm lists too, such as redis://localhost",
      },
      { name: "cache", value: "SIZE", description: "most bytes of warm lists in this process" },
      {
        name: "admin-token-file",
        value: "FILE",
        description:
          "a file with the token of an admin (or MEMPRED_ADMIN_TOKEN), in place of one that is made and printed",
        completes: "file",
      },
      {
        name: "rate",
        group: "How to run it",
        value: "N[/BURST]",
        description: "requests a second of one token, and at once; 0: no limit",
      },
      {
        name: "address-rate",
        group: "How to run it",
        value: "N[/BURST]",
        description: "the same of one address; behind a proxy all have its address",
      },
      {
        name: "deadline",
        group: "How to run it",
        value: "TIME",
        description: "a request that is complete is answered within it, if need be by 503",
      },
      {
        name: "drain",
        group: "How to run it",
        value: "TIME",
        description: "how long requests under way have when a signal ends it",
      },
      { name: "connections", group: "How to run it", value: "N", description: "connections at once" },
      { name: "protect-metrics", group: "How to run it", description: "/metrics for admins alone" },
      {
        name: "log",
        group: "Output",
        value: "LEVEL",
        description: "what goes to stderr, in lines of JSON; debug: every request",
        choices: ["debug", "info", "warn", "error", "silent"],
      },
    ],
    defaults:
      "host 127.0.0.1, db .mempred/service.db (in the folder of --output), no Redis, cache 64MiB, rate 200/400, address-rate 2000/4000, deadline 2s, drain 5s, connections 1024, log info (error with --quiet)",
    examples: [
      "mempred serve --port 8080                          prints the address, and at the first start an admin token",
      "mempred serve --port 8080 --db items.db --redis redis://localhost:6379",
      "mempred serve --port 0 --db :memory:               for a trial: a free port, nothing is kept",
    ],
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "preload replay",
    summary: "what preloading gains on recorded sequences, by each way to decide",
    arguments: [
      {
        name: "sequence",
        isVariadic: true,
        description: "sequences: a session a line, a component a line, CSV, JSON Lines",
        completes: "file",
      },
    ],
    options: [
      { name: "components", value: "N", description: "components that the cache holds" },
      {
        name: "mode",
        value: "LIST",
        description: "who decides: off, thresholds, benefit, clairvoyant, which knows the future; or all",
      },
      { name: "prefetches", value: "N", description: "preloads for each request at most, or unlimited" },
      {
        name: "lookahead",
        value: "N",
        description: "how many requests ahead the model looks, 1 to 3; further gains more and takes longer",
      },
      {
        name: "waste",
        value: "LOADS",
        description: "what a preload for nothing costs in mode benefit; more loads less, and more surely",
      },
      { name: "floor", value: "P", description: "confidence below which mode thresholds loads nothing" },
      { name: "price", value: "P", description: "what a byte held for a second costs, in average loads" },
      {
        name: "model",
        value: "NAME",
        description: "who predicts: full, or sequence alone",
        choices: ["full", "sequence"],
      },
      { name: "load", value: "TIME", description: "what a load takes; 0: there before the next request" },
      { name: "gap", value: "TIME", description: "between two requests, in place of the times of the recording" },
      { name: "bytes", value: "SIZE", description: "size of a component" },
      { name: "format", value: "NAME", description: "the format of the sequences; auto looks at the content" },
      {
        name: "json",
        group: "Output",
        value: "FILE",
        isValueOptional: true,
        description: "the rows as JSON, to FILE, or to stdout in place of the text",
        completes: "file",
      },
      { name: "metrics", group: "Output", description: "METRIC name=value lines after the text" },
    ],
    defaults:
      "10 components, all modes, 0.25 preloads a request, lookahead 1, load 100ms, gap as recorded or 1s, 4096 bytes, price 0, floor 0; waste 0 where preloads are limited, else 0.5",
    examples: [
      "mempred preload replay unix-user*.txt.gz",
      "mempred preload replay sessions.csv --components 50 --prefetches unlimited",
      "mempred preload replay unix-user1.txt.gz --mode benefit --waste 1 --json preload.json",
    ],
    load: async () => (await import("./commands/preload-replay.ts")).preloadReplay,
  },
  {
    name: "preload workload",
    summary: "write a planned workload as CSV: users, roles, workflows, and a stated share of noise",
    arguments: [],
    options: [
      { name: "seed", value: "N", description: "equal seeds, equal bytes" },
      { name: "requests", value: "N", description: "how many" },
      { name: "users", value: "N", description: "how many" },
      { name: "noise", value: "PERCENT", description: "share of the requests that are for just anything" },
    ],
    defaults: "seed 1, 20000 requests, 12 users, 2 % noise, and 5 % of the workflows other than planned",
    examples: [
      "mempred preload workload > planned.csv",
      "mempred preload replay planned.csv --components 30 --prefetches unlimited",
    ],
    load: async () => (await import("./commands/preload-workload.ts")).preloadWorkload,
  },
  {
    name: "completion",
    summary: "print a completion script for a shell",
    arguments: [{ name: "shell", description: "bash, zsh or fish", completes: "shell" }],
    options: [],
    examples: [
      'eval "$(mempred completion bash)"',
      "mempred completion fish > ~/.config/fish/completions/mempred.fish",
    ],
    load: async () => (await import("./commands/completion.ts")).completion,
  },
];
