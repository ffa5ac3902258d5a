// The program: commander's tree made from the catalogue, and what happens around a command: settings gathered, errors
// turned into exit statuses, output written. Commander exits 1 on usage errors; here that is 2, for 1 is "a gate failed".

import { Command, CommanderError, Option } from "commander";
import { suggestion } from "../core/suggest.ts";
import { COMMAND_GROUPS, COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from "./catalogue.ts";
import { colourLevel, isUnicodeLocale, paletteOf, toAscii } from "./colour.ts";
import type { CommandOutcome } from "./command.ts";
import { describeError, EXIT_CODES_TEXT, EXIT_OK, EXIT_USAGE, exitStatusOf } from "./exit.ts";
import type { Host } from "./host.ts";
import { addEnvironment, Settings, settingOf, usage, variableOf } from "./settings.ts";
import { packageVersion } from "./version.ts";

/** A command that was typed, before it runs. */
interface Invocation {
  readonly spec: CommandSpec;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Runs one command line.
 * @param words the arguments after the program's name
 * @param host where it runs
 * @param setStatus told the exit status before stdout is written, so that a closed pipe does not lose it
 * @returns the exit status
 */
export async function runCli(
  words: readonly string[],
  host: Host,
  setStatus: (status: number) => void = () => {},
): Promise<number> {
  const isUnicode = isUnicodeLocale(host.environment);
  const print = (text: string) => host.stdout.write(isUnicode ? text : toAscii(text));
  const printError = (text: string) => host.stderr.write(isUnicode ? text : toAscii(text));
  try {
    const outcome = await interpret(words, host, print, printError);
    setStatus(outcome.status);
    if (outcome.text !== "") outcome.isDocument === true ? host.stdout.write(outcome.text) : print(outcome.text);
    return outcome.status;
  } catch (error) {
    const isParsed = error instanceof CommanderError; // commander has said by itself what is wrong
    const status = isParsed ? (error.exitCode === 0 ? EXIT_OK : EXIT_USAGE) : exitStatusOf(error);
    setStatus(status);
    if (!isParsed) printError(describeError(error, words));
    return status;
  }
}

async function interpret(
  words: readonly string[],
  host: Host,
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<CommandOutcome> {
  let invocation: Invocation | undefined;
  let text = "";
  const program = buildProgram(
    (chosen) => (invocation = chosen),
    (help) => (text = help),
  );
  const configure = (command: Command) => {
    command.exitOverride();
    command.configureOutput({
      writeOut: print,
      writeErr: printError,
      outputError: (message, write) => write(message.replace(/^error: /, "mempred: ")),
      getOutHelpWidth: () => helpWidth(host.stdout.columns),
      getErrHelpWidth: () => helpWidth(host.stderr.columns),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
    for (const child of command.commands) configure(child);
  };
  configure(program);
  if (words.length === 0) return { status: EXIT_OK, text: program.helpInformation() };
  await program.parseAsync([...words], { from: "user" });
  if (invocation === undefined) return { status: EXIT_OK, text };
  return invoke(invocation, host, printError);
}

async function invoke(
  { spec, words, options }: Invocation,
  host: Host,
  printError: (text: string) => void,
): Promise<CommandOutcome> {
  const settings = new Settings();
  const specs = [...COMMON_OPTIONS, ...spec.options];
  addFlags(settings, specs, options);
  const everyOption = [...COMMON_OPTIONS, ...COMMANDS.flatMap((command) => command.options)];
  const warnings = addEnvironment(settings, specs, everyOption, host.environment);
  const configPath = settings.get("config", (path) => path, null);
  if (configPath !== null) {
    const { addConfigFile } = await import("./config-file.ts");
    addConfigFile(settings, configPath, spec, COMMANDS, COMMON_OPTIONS);
  }
  checkChoices(settings, specs);
  const isQuiet = settings.isOn("quiet", false);
  const isVerbose = settings.isOn("verbose", false);
  const isColourOff = !settings.isOn("color", true);
  const note = (line: string) => {
    if (!isQuiet) printError(`${line}\n`);
  };
  for (const warning of warnings) note(`mempred: warning: ${warning}`);
  if (isVerbose) for (const line of settings.describe()) note(`  ${line}`);
  const command = await spec.load();
  return command({
    host,
    settings,
    arguments: words,
    palette: paletteOf(colourLevel(host.environment, host.stdout.isTerminal, isColourOff)),
    errorPalette: paletteOf(colourLevel(host.environment, host.stderr.isTerminal, isColourOff)),
    isQuiet,
    isVerbose,
    note,
  });
}

/** The commander tree. `choose` is called with the command typed, `help` with the text of `mempred help ...`. */
export function buildProgram(choose: (chosen: Invocation) => void, help: (text: string) => void): Command {
  const program = new Command("mempred")
    .description("Sees memory pressure coming, and shows what that is worth: policies side by side on the same demand.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showHelpAfterError("(mempred help lists the commands; mempred COMMAND --help its options)")
    .addHelpText("after", `\nStart here:\n  mempred stress --scenario burst --pressure 95\n  mempred report\n`);
  for (const spec of COMMANDS) {
    const words = spec.name.split(" ");
    const command = groupOf(program, words).command(words.at(-1)!).description(spec.summary);
    command.addHelpOption(new Option("-h, --help", "print this help").helpGroup("Everywhere:"));
    for (const argument of spec.arguments) {
      const name = argument.isVariadic ? `${argument.name}...` : argument.name;
      command.argument(argument.isOptional ? `[${name}]` : `<${name}>`, argument.description);
    }
    for (const option of [...spec.options, ...COMMON_OPTIONS]) command.addOption(commanderOption(option));
    command.version(packageVersion(), "--version", "print the version");
    command.options.at(-1)!.helpGroup("Everywhere:");
    if (spec.defaults !== undefined) command.addHelpText("after", `\nDefaults: ${spec.defaults}.`);
    command.addHelpText("after", `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join("\n")}\n`);
    command.action((...received: unknown[]) => {
      const words = received
        .slice(0, spec.arguments.length)
        .flat()
        .filter((word) => word !== undefined) as string[];
      choose({ spec, words, options: command.opts() });
    });
  }
  program
    .command("help")
    .description("help on a command or a topic: exit-codes, units, settings")
    .argument("[topic...]", "a command or a topic")
    .action((topic: readonly string[]) => help(helpOn(program, topic.join(" "))));
  return program;
}

/** Where a command goes: into the program, or into the group that its first word names, which is made when it is first seen. */
function groupOf(program: Command, words: readonly string[]): Command {
  const [group] = words;
  if (words.length === 1 || group === undefined) return program;
  const found = program.commands.find((candidate) => candidate.name() === group);
  if (found !== undefined) return found;
  const made = program.command(group).description(COMMAND_GROUPS[group] ?? "");
  return made.helpOption("-h, --help", "print this help").helpCommand(false);
}

/** The command, or the group of commands, of that name of one word or two. */
export function findCommand(program: Command, name: string): Command | undefined {
  let found: Command | undefined = program;
  for (const word of name.split(" ")) found = found?.commands.find((candidate) => candidate.name() === word);
  return found;
}

function helpOn(program: Command, topic: string): string {
  if (topic === "") return program.helpInformation();
  if (topic === "exit-codes") return EXIT_CODES_TEXT;
  if (topic === "units") return UNITS_TEXT;
  if (topic === "settings") return SETTINGS_TEXT;
  const command = findCommand(program, topic);
  if (command !== undefined) return command.helpInformation();
  const known = [
    "exit-codes",
    "units",
    "settings",
    ...new Set(COMMANDS.flatMap(({ name }) => [name.split(" ")[0]!, name])),
  ];
  throw usage(`there is no help on "${topic}"${suggestion(topic, known)}`, known.join(", "));
}

function commanderOption(option: OptionSpec): Option {
  const value = option.value === undefined ? "" : option.isVariadic ? `${option.value}...` : option.value;
  const placeholder = value === "" ? "" : option.isValueOptional ? ` [${value}]` : ` <${value}>`;
  const flags = `${option.short === undefined ? "" : `-${option.short}, `}--${option.name}${placeholder}`;
  const isListed = option.choices?.every((choice) => option.description.includes(choice)) ?? true;
  const choices = isListed ? "" : `: ${option.choices!.join(", ")}`;
  const made = new Option(flags, `${option.description}${choices}`);
  made.helpGroup(`${option.group ?? "What to run"}:`);
  return option.aliasOf === undefined ? made : made.hideHelp();
}

function addFlags(settings: Settings, specs: readonly OptionSpec[], options: Readonly<Record<string, unknown>>): void {
  for (const option of specs) {
    const { name, switchValue } = settingOf(option);
    // commander keeps --no-color as `color: false` and --dry-run as `dryRun`
    const key = (option.value === undefined ? settingOf(option).name : option.name).replace(/-(.)/g, (_, c: string) =>
      c.toUpperCase(),
    );
    const value = options[key];
    if (value === undefined) continue;
    if (option.value === undefined) {
      if (value === switchValue) settings.add(name, switchValue, `--${option.name}`);
    } else settings.add(name, value === true ? "-" : (value as string | readonly string[]), `--${option.name}`);
  }
}

/** Values of options with choices are checked wherever they came from. */
function checkChoices(settings: Settings, specs: readonly OptionSpec[]): void {
  for (const { name, choices } of specs) {
    const value = choices === undefined ? null : settings.get(name, (text) => text, null);
    if (value !== null && !choices!.includes(value))
      throw usage(
        `${settings.sourceOf(name)}: unknown ${name} "${value}"${suggestion(value, choices!)}`,
        choices!.join(", "),
      );
  }
}

function helpWidth(columns: number | undefined): number {
  return Math.min(120, Math.max(60, columns ?? 100));
}

const UNITS_TEXT = `Units

  sizes       102400 · 100KiB · 1MiB · 64kB (KiB = 1024, kB = 1000; K, M, G alone are binary)
  durations   10m · 90s · 1h30m · 500ms; a bare number is an error
  pressures   95 · 95% · 50,75,85,95,98; percent of the capacity, never 0.95
  seeds       5 (1..5) · 1..20 · 1,4,7; --seed 7 is one
  mix         atomic,deadline,wait[,pinned] in percent: 15,15,70 or 15,15,70,5
`;

const SETTINGS_TEXT = `Where a setting comes from, strongest first

  1  the flag                --pressure 95 --no-autonomy
  2  the environment         ${variableOf("pressure")}=95 ${variableOf("autonomy")}=0
  3  the file of --config    pressure: [75, 95]       for every command
                             stress:                  for one command
                               autonomy: false
  4  the default

An unknown key in the file is an error. --verbose prints which settings apply and where each came from.
${variableOf("home")} is the folder that keeps the last run (otherwise .mempred in the current folder).
`;
