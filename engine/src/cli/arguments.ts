// Reads a command line as Go's pflag does (`--flag value`, `--flag=value`, `-abc`, `-ovalue`, `--` ends the flags), so that
// lines written for flux, kustomize and helm are understood. Flags and arguments may be mixed.

import { parseBoolText } from "#formats/go-numbers";
import { Fault } from "#kernel";
import type { Flag, FlagSet } from "./command.ts";
import type { CliCode } from "./faults.ts";
import { splitList, splitPairs, type ValueKind, wrongKind } from "./flag-values.ts";
import { nearest } from "./nearest.ts";

export type ParsedArguments = {
  args: string[];
  flags: Record<string, unknown>;
  isHelp: boolean;
  /** What was given and has no effect, and why: a line each. */
  notes: string[];
};

/** Throws Fault `usage` for what is no flag of the set or lacks its value. */
export function parseArguments(flags: FlagSet, words: readonly string[]): ParsedArguments {
  const reader = new Reader(flags, words);
  reader.run();
  return { args: reader.args, flags: reader.values(), isHelp: reader.isHelp, notes: reader.notes() };
}

class Reader {
  readonly args: string[] = [];
  isHelp = false;
  readonly #flags: FlagSet;
  readonly #shorts = new Map<string, string>();
  readonly #given = new Map<string, (string | boolean)[]>();
  readonly #words: string[];

  constructor(flags: FlagSet, words: readonly string[]) {
    this.#flags = flags;
    this.#words = [...words];
    for (const [name, flag] of Object.entries(flags)) if (flag.short !== undefined) this.#shorts.set(flag.short, name);
  }

  run(): void {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === "--") this.args.push(...this.#words.splice(0));
      else if (word.startsWith("--")) this.#readLong(word.slice(2));
      else if (word.startsWith("-") && word.length > 1) this.#readShorts(word.slice(1));
      else this.args.push(word);
    }
    this.#checkExclusions();
  }

  /** Every flag of the set with its value: given, default, false, [] or undefined. */
  values(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [name, flag] of Object.entries(this.#flags)) {
      const given = this.#given.get(name);
      if (flag.isList === true || flag.isPairs === true || flag.isRepeated === true)
        values[name] = given ?? (flag.default === undefined ? [] : [flag.default]);
      else values[name] = given?.at(-1) ?? flag.default ?? (isSwitch(flag) ? false : undefined);
    }
    return values;
  }

  notes(): string[] {
    return [...this.#given.keys()].flatMap((name) => {
      const why = this.#flags[name]?.ignored;
      return why === undefined ? [] : [`--${name} has no effect: ${why}`];
    });
  }

  #readLong(word: string): void {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    if (name === "help") this.isHelp = true;
    else this.#set(name, this.#flag(name), { shown: `--${name}`, inline });
  }

  #readShorts(letters: string): void {
    for (let rest = letters; rest !== ""; ) {
      const letter = rest.slice(0, 1);
      rest = rest.slice(1);
      const name = this.#shorts.get(letter);
      if (name === undefined && letter === "h") {
        this.isHelp = true;
        continue;
      }
      if (name === undefined) throw usage(`unknown flag -${letter}`, "run it with --help for its flags");
      const flag = this.#flag(name);
      let inline: string | undefined;
      if (rest.startsWith("=")) inline = rest.slice(1);
      else if (!isSwitch(flag) && flag.bare === undefined && rest !== "") inline = rest;
      if (inline !== undefined) rest = "";
      this.#set(name, flag, { shown: `-${letter}`, inline });
    }
  }

  #flag(name: string): Flag {
    const flag = Object.hasOwn(this.#flags, name) ? this.#flags[name] : undefined;
    if (flag !== undefined) return flag;
    const near = nearest(name, Object.keys(this.#flags));
    throw usage(
      `unknown flag --${name}`,
      near === undefined ? "run it with --help for its flags" : `did you mean --${near}?`,
    );
  }

  #set(name: string, flag: Flag, word: { shown: string; inline: string | undefined }): void {
    const values = this.#given.get(name) ?? [];
    this.#given.set(name, values);
    if (isSwitch(flag)) values.push(readSwitch(word));
    else {
      const value = word.inline ?? flag.bare ?? this.#words.shift();
      if (value === undefined) throw usage(`flag ${word.shown} needs a value (${flag.takes})`);
      // Helm's words for a wrong pair name the flag in full.
      const shown = flag.isPairs === true && flag.short !== undefined ? `-${flag.short}, --${name}` : word.shown;
      values.push(...readValues(shown, flag, value));
    }
  }

  #checkExclusions(): void {
    for (const [name, flag] of Object.entries(this.#flags)) {
      const other = this.#given.has(name) && flag.excludes?.find((excluded) => this.#given.has(excluded));
      if (typeof other !== "string") continue;
      const given = [name, other].sort().join(" ");
      throw usage(
        `if any flags in the group [${name} ${other}] are set none of the others can be; [${given}] were all set`,
      );
    }
  }
}

function isSwitch(flag: Flag): boolean {
  return flag.takes === undefined && flag.bare === undefined;
}

function readSwitch({ shown, inline = "true" }: { shown: string; inline: string | undefined }): boolean {
  checkKind(shown, "boolean", inline);
  return parseBoolText(inline) === true;
}

function readValues(shown: string, flag: Flag, value: string): string[] {
  const parts = partsOf(shown, flag, value);
  for (const part of parts) {
    checkChoice(shown, flag, part);
    if (flag.kind !== undefined) checkKind(shown, flag.kind, part);
  }
  return parts;
}

function partsOf(shown: string, flag: Flag, value: string): string[] {
  if (flag.isPairs === true) {
    const { pairs, bad } = splitPairs(value);
    if (bad === undefined) return pairs;
    throw usage(
      `invalid argument ${JSON.stringify(value)} for ${JSON.stringify(shown)} flag: ${bad} must be formatted as key=value`,
    );
  }
  if (flag.isList !== true) return [value];
  const parts = splitList(value);
  if (parts !== undefined) return parts;
  throw usage(
    `flag ${shown} has a quote in the wrong place: ${value}`,
    'quotes stand around a whole value, one that holds a comma: "a,b"',
  );
}

function checkKind(shown: string, kind: ValueKind, value: string): void {
  const expected = wrongKind(kind, value);
  if (expected !== undefined) throw usage(`flag ${shown} is ${expected}, not ${JSON.stringify(value)}`);
}

function checkChoice(shown: string, flag: Flag, value: string): void {
  if (flag.choices === undefined || flag.choices.includes(value)) return;
  throw usage(`flag ${shown} cannot be ${JSON.stringify(value)}`, `one of: ${flag.choices.join(", ")}`);
}

/** A mistake on the command line: exit code 2. */
export function usage(message: string, hint?: string): Fault<CliCode> {
  return new Fault<CliCode>({ code: "usage", disposition: "stall", message, ...(hint === undefined ? {} : { hint }) });
}
