import { describe, expect, it } from "vitest";
import { Fault } from "#kernel";
import { parseArguments } from "./arguments.ts";
import type { FlagSet } from "./command.ts";

const flags: FlagSet = {
  output: { about: "", short: "o", takes: "FORMAT", choices: ["json", "yaml"], default: "json" },
  watch: { about: "", short: "w" },
  all: { about: "", short: "A" },
  set: { about: "", takes: "KEY=VALUE", isRepeated: true },
  versions: { about: "", short: "a", takes: "LIST", isList: true },
  "dry-run": { about: "", takes: "HOW", bare: "client" },
};

function check(words: string[]): unknown {
  const parsed = parseArguments(flags, words);
  const given = Object.entries(parsed.flags).filter(
    ([, v]) => v !== undefined && v !== false && !(Array.isArray(v) && v.length === 0),
  );
  return [parsed.args, Object.fromEntries(given)];
}

describe("a command line", () => {
  const cases: [string, string[], string[], Record<string, unknown>][] = [
    ["takes values after a space", ["a", "--output", "yaml", "b"], ["a", "b"], { output: "yaml" }],
    ["takes values after =", ["--output=yaml"], [], { output: "yaml" }],
    ["joins short switches", ["-wA"], [], { output: "json", watch: true, all: true }],
    ["joins a short flag and its value", ["-oyaml"], [], { output: "yaml" }],
    ["takes a short flag's value after =", ["-o=yaml"], [], { output: "yaml" }],
    ["ends a run of switches with a value", ["-wo", "yaml"], [], { output: "yaml", watch: true }],
    ["turns a switch off with =false", ["--watch=false"], [], { output: "json" }],
    ["keeps repeated values whole", ["--set", "a=1,2", "--set=b=2"], [], { output: "json", set: ["a=1,2", "b=2"] }],
    ["splits lists at commas", ["-a", "v1,v2", "-a", "v3"], [], { output: "json", versions: ["v1", "v2", "v3"] }],
    ["gives a bare flag its own value", ["--dry-run", "x"], ["x"], { output: "json", "dry-run": "client" }],
    ["lets a bare flag be given", ["--dry-run=server"], [], { output: "json", "dry-run": "server" }],
    ["ends flags at --", ["--", "-w", "--x"], ["-w", "--x"], { output: "json" }],
    ["takes a lone dash as an argument", ["-"], ["-"], { output: "json" }],
    ["lets the last of a single flag win", ["-o", "yaml", "-o", "json"], [], { output: "json" }],
  ];
  for (const [name, words, args, values] of cases) it(name, () => expect(check(words)).toEqual([args, values]));
});

describe("a wrong command line", () => {
  const cases: [string, string[], string, string | undefined][] = [
    ["names an unknown flag and the near one", ["--ouput"], "unknown flag --ouput", "did you mean --output?"],
    ["names an unknown letter", ["-x"], "unknown flag -x", "run it with --help for its flags"],
    ["says that a value is missing", ["--output"], "flag --output needs a value (FORMAT)", undefined],
    ["lists the choices", ["-o", "xml"], 'flag -o cannot be "xml"', "one of: json, yaml"],
    [
      "does not take inherited names for flags",
      ["--constructor"],
      "unknown flag --constructor",
      "run it with --help for its flags",
    ],
    ["wants true or false for a switch", ["--watch=maybe"], 'flag --watch is true or false, not "maybe"', undefined],
  ];
  for (const [name, words, message, hint] of cases) {
    it(name, () => {
      let thrown: unknown;
      try {
        parseArguments(flags, words);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(Fault);
      expect([(thrown as Fault).code, (thrown as Fault).message, (thrown as Fault).hint]).toEqual([
        "usage",
        message,
        hint,
      ]);
    });
  }
});
