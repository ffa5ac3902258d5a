// mempred completion: a script for a shell, made from the catalogue. It completes commands, options, and the words that an
// option takes where those are known; everything else is left to the shell's own completion of files.

import { suggestion } from "../../core/suggest.ts";
import { COMMAND_GROUPS, COMMANDS, COMMON_OPTIONS, type CommandSpec, type OptionSpec } from "../catalogue.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { usage } from "../settings.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
const TOPICS = ["exit-codes", "units", "settings"];

/** Words by kind, as of the version that wrote the script. */
interface KnownWords {
  readonly scenario: readonly string[];
  readonly policy: readonly string[];
  readonly "cache-policy": readonly string[];
  readonly attack: readonly string[];
  readonly trace: readonly string[];
}

export async function completion({ arguments: words }: CommandContext): Promise<CommandOutcome> {
  const shell = words[0]!;
  const { SCENARIO_IDS } = await import("../../scenarios/registry.ts");
  const { allPolicies } = await import("../../sim/policies/registry.ts");
  const { cachePolicyIds } = await import("../../cache/policies/registry.ts");
  const { ATTACK_KINDS } = await import("../../sim/attacks.ts");
  const { shippedTraces } = await import("../../io/find-trace.ts");
  const known: KnownWords = {
    scenario: ["all", ...SCENARIO_IDS],
    policy: ["all", ...new Set([...allPolicies().map((definition) => definition.id), "predictive"])],
    "cache-policy": ["all", ...cachePolicyIds()],
    attack: ["all", ...ATTACK_KINDS],
    trace: shippedTraces(),
  };
  if (shell === "bash") return { status: EXIT_OK, text: bashScript(known), isDocument: true };
  if (shell === "zsh") return { status: EXIT_OK, text: zshScript(known), isDocument: true };
  if (shell === "fish") return { status: EXIT_OK, text: fishScript(known), isDocument: true };
  throw usage(`there is no completion for "${shell}"${suggestion(shell, SHELLS)}`, SHELLS.join(", "));
}

function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [...command.options, ...COMMON_OPTIONS];
}

/** The words that an option takes, or none. */
function valuesOf(option: OptionSpec, known: KnownWords): readonly string[] {
  if (option.choices !== undefined) return option.choices;
  const { completes } = option;
  return completes === undefined || completes === "file" || completes === "folder" ? [] : known[completes];
}

/** What may be typed first: commands of one word, and groups. */
function firstWords(): { readonly word: string; readonly summary: string }[] {
  const words = new Map<string, string>();
  for (const { name, summary } of COMMANDS) {
    const [word] = name.split(" ");
    if (!words.has(word!)) words.set(word!, COMMAND_GROUPS[word!] ?? summary);
  }
  return [...words].map(([word, summary]) => ({ word, summary }));
}

/** The commands of each group. */
function groups(): { readonly group: string; readonly commands: readonly CommandSpec[] }[] {
  return Object.keys(COMMAND_GROUPS).map((group) => ({
    group,
    commands: COMMANDS.filter(({ name }) => name.startsWith(`${group} `)),
  }));
}

/** "replay" of "cache replay". */
function lastWord({ name }: CommandSpec): string {
  return name.slice(name.lastIndexOf(" ") + 1);
}

function isGrouped({ name }: CommandSpec): boolean {
  return name.includes(" ");
}

function bashScript(known: KnownWords): string {
  const names = [...firstWords().map(({ word }) => word), "help"].join(" ");
  const caseOf = (command: CommandSpec) => {
    const flags = [...optionsOf(command).map((option) => `--${option.name}`), "--help"].join(" ");
    const values = optionsOf(command)
      .filter((option) => valuesOf(option, known).length > 0)
      .map((option) => `      --${option.name}) words="${valuesOf(option, known).join(" ")}" ;;`);
    const own = argumentWords(command, known).join(" ");
    return [
      `    ${lastWord(command)})`,
      `      flags="${flags}"; own="${own}"`,
      ...(values.length > 0 ? [`      case "$previous" in`, ...values, "      esac"] : []),
      "      ;;",
    ].join("\n");
  };
  const cases = [
    ...COMMANDS.filter((command) => !isGrouped(command)).map(caseOf),
    ...groups().flatMap(({ group, commands }) => [
      `    ${group})`,
      `      if [ "$COMP_CWORD" -eq 2 ]; then own="${commands.map(lastWord).join(" ")}"; fi`,
      `      case "\${COMP_WORDS[2]}" in`,
      ...commands.map(caseOf),
      "      esac",
      "      ;;",
    ]),
  ];
  return `# mempred completion for bash: eval "$(mempred completion bash)"
_mempred() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" flags="" own="" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) own="${[...firstWords().map(({ word }) => word), ...TOPICS].join(" ")}" ;;
  esac
  if [ -n "$words" ]; then
    local list="" head=""
    case "$current" in *,*) head="\${current%,*},"; current="\${current##*,}" ;; esac
    COMPREPLY=($(compgen -P "$head" -W "$words" -- "$current") $(compgen -f -- "$head$current"))
  elif [ "\${current#-}" != "$current" ]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$own" -- "$current") $(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _mempred mempred
`;
}

function zshScript(known: KnownWords): string {
  const quote = (text: string) =>
    text.replaceAll("'", "'\\''").replaceAll("[", "\\[").replaceAll("]", "\\]").replaceAll(":", "\\:");
  const commands = firstWords()
    .map(({ word, summary }) => `    '${word}:${quote(summary)}'`)
    .join("\n");
  const caseOf = (command: CommandSpec) => {
    const specs = optionsOf(command).map((option) => {
      const values = valuesOf(option, known);
      const action =
        option.value === undefined
          ? ""
          : `:${option.value.split("|")[0]}:${values.length > 0 ? `(${values.join(" ")})` : "_files"}`;
      return `        '--${option.name}[${quote(option.description)}]${action}'`;
    });
    const own = argumentWords(command, known);
    const rest =
      own.length > 0 ? `'*: :{_alternative "words:word:(${own.join(" ")})" "files:file:_files"}'` : "'*:file:_files'";
    return `      ${lastWord(command)})\n        _arguments \\\n${[...specs, `        ${rest}`].join(" \\\n")}\n        ;;`;
  };
  const cases = [
    ...COMMANDS.filter((command) => !isGrouped(command)).map(caseOf),
    ...groups().flatMap(({ group, commands: members }) => [
      `      ${group})`,
      "        if (( CURRENT == 2 )); then",
      `          _values 'command' ${members.map(lastWord).join(" ")}`,
      "          return",
      "        fi",
      `        name="\${words[2]}"`,
      "        shift words",
      "        (( CURRENT-- ))",
      '        case "$name" in',
      ...members.map(caseOf),
      "        esac",
      "        ;;",
    ]),
  ];
  return `#compdef mempred
# mempred completion for zsh: mempred completion zsh > "\${fpath[1]}/_mempred"
_mempred() {
  local -a commands
  commands=(
${commands}
    'help:help on a command or a topic'
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local name="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join("\n")}
      help) _values 'topic' ${[...firstWords().map(({ word }) => word), ...TOPICS].join(" ")} ;;
  esac
}
if [ "$funcstack[1]" = "_mempred" ]; then _mempred "$@"; else compdef _mempred mempred; fi
`;
}

function fishScript(known: KnownWords): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = [
    "# mempred completion for fish: mempred completion fish > ~/.config/fish/completions/mempred.fish",
    "complete -c mempred -n __fish_use_subcommand -f",
  ];
  const seen = (words: string) => `__fish_seen_subcommand_from ${words}`;
  const groupWords = Object.keys(COMMAND_GROUPS).join(" ");
  for (const { word, summary } of firstWords())
    lines.push(`complete -c mempred -n __fish_use_subcommand -a ${word} -d ${quote(summary)}`);
  for (const { group, commands } of groups()) {
    const isOpen = `${seen(group)}; and not ${seen(commands.map(lastWord).join(" "))}`;
    for (const command of commands)
      lines.push(`complete -c mempred -n '${isOpen}' -f -a ${lastWord(command)} -d ${quote(command.summary)}`);
  }
  for (const command of COMMANDS) {
    const [first] = command.name.split(" ");
    const within = isGrouped(command)
      ? `-n '${seen(first!)}; and ${seen(lastWord(command))}'`
      : `-n '${seen(command.name)}; and not ${seen(groupWords)}'`;
    for (const option of optionsOf(command)) {
      const values = valuesOf(option, known);
      const short = option.short === undefined ? "" : ` -s ${option.short}`;
      const takes =
        option.value === undefined ? " -f" : values.length > 0 ? ` -x -a ${quote(values.join(" "))}` : " -r";
      lines.push(`complete -c mempred ${within} -l ${option.name}${short}${takes} -d ${quote(option.description)}`);
    }
    const own = argumentWords(command, known);
    if (own.length > 0) lines.push(`complete -c mempred ${within} -a ${quote(own.join(" "))}`);
  }
  const topics = [...firstWords().map(({ word }) => word), ...TOPICS].join(" ");
  lines.push("complete -c mempred -n __fish_use_subcommand -a help -d 'help on a command or a topic'");
  lines.push(`complete -c mempred -n '__fish_seen_subcommand_from help' -f -a ${quote(topics)}`);
  return `${lines.join("\n")}\n`;
}

/** Words that may stand as positional arguments. */
function argumentWords(command: CommandSpec, known: KnownWords): readonly string[] {
  if (command.name === "replay") return known.trace;
  return command.arguments.some((argument) => argument.completes === "shell") ? SHELLS : [];
}
