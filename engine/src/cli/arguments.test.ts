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
  labels: { about: "", short: "l", takes: "KEY=VALUE", isPairs: true },
  timeout: { about: "", takes: "DURATION", kind: "duration" },
  limit: { about: "", takes: "NUMBER", kind: "integer" },
  qps: { about: "", takes: "NUMBER", kind: "number" },
  force: { about: "", excludes: ["watch"] },
  dns: { about: "", ignored: "names are not resolved" },
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
    ["keeps a comma within quotes", ["-a", '"v1,v2",v3'], [], { output: "json", versions: ["v1,v2", "v3"] }],
    ["keeps empty places of a list", ["-a", "v1,"], [], { output: "json", versions: ["v1", ""] }],
    ["reads no list out of nothing", ["-a", ""], [], { output: "json" }],
    ["reads doubled quotes as one", ["-a", '"a""b"'], [], { output: "json", versions: ['a"b'] }],
    ["splits pairs at commas", ["-l", "a=b,c=", "-l=d=e=f"], [], { output: "json", labels: ["a=b", "c=", "d=e=f"] }],
    ["keeps a comma behind a sole equals sign", ["-l", "a=b,c"], [], { output: "json", labels: ["a=b,c"] }],
    ["keeps a comma within a quoted pair", ["-l", '"a=b,c=d",e=f'], [], { output: "json", labels: ["a=b,c=d", "e=f"] }],
    ["takes Go's words for truth", ["--watch=T", "--all=TRUE"], [], { output: "json", watch: true, all: true }],
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
    [
      "refuses what excludes another",
      ["--watch=false", "--force"],
      "if any flags in the group [force watch] are set none of the others can be; [force watch] were all set",
      undefined,
    ],
    [
      "wants pairs",
      ["-l", "a=b,c=d,e"],
      'invalid argument "a=b,c=d,e" for "-l, --labels" flag: e must be formatted as key=value',
      undefined,
    ],
    [
      "wants at least one pair",
      ["-l", ""],
      'invalid argument "" for "-l, --labels" flag:  must be formatted as key=value',
      undefined,
    ],
    [
      "wants quotes around whole values",
      ["-a", 'a"b'],
      'flag -a has a quote in the wrong place: a"b',
      'quotes stand around a whole value, one that holds a comma: "a,b"',
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

describe("values of a kind", () => {
  const isTaken = (word: string): boolean => {
    try {
      parseArguments(flags, [word]);
      return true;
    } catch {
      return false;
    }
  };
  it.each<[flag: string, good: string[], bad: string[]]>([
    [
      "watch",
      ["1", "t", "T", "true", "True", "TRUE", "0", "f", "F", "false", "False", "FALSE"],
      ["", "tRUE", "yes", "2"],
    ],
    [
      "timeout",
      ["0", "+0", "5m", "-1s", "1h2m3.5s", ".5s", "5.s", "1us", "1µs", "1μs", "100ns", "2562047h"],
      ["", "5", "x", "s", ".s", "1h 2m", "1d", "2562048h", "9999999999h"],
    ],
    ["limit", ["0", "-1", "+7", "0x1F", "0b101", "0o17", "017"], ["", "1.5", "x", "08", "0x", "1e3"]],
    ["qps", ["1", "-1.5", "1e3", ".5", "5."], ["", "x", "1e", "."]],
  ])("--%s reads as Go does", (flag, good, bad) => {
    expect(good.filter((value) => !isTaken(`--${flag}=${value}`))).toEqual([]);
    expect(bad.filter((value) => isTaken(`--${flag}=${value}`))).toEqual([]);
  });
});

it("notes what has no effect", () => {
  expect(parseArguments(flags, ["--dns", "--watch"]).notes).toEqual(["--dns has no effect: names are not resolved"]);
});
