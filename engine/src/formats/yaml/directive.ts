// Directives, the lines that begin with %: `%YAML 1.1` and `%TAG !handle! prefix`, with go-yaml's words for what is no such line.

export type Directive = { version: string } | { handle: string; prefix: string };

type Step = readonly [shape: RegExp, complaint: string];

const number: readonly Step[] = [
  [/(?!\d{3})/y, "found extremely long version number"],
  [/\d+/y, "did not find expected version number"],
];

/** What stands after the name, part by part; where a part is missing, go-yaml says so. */
const rest: { readonly [name: string]: readonly Step[] } = {
  YAML: [[/[ \t]*/y, ""], ...number, [/\./y, "did not find expected digit or '.' character"], ...number],
  TAG: [
    [/[ \t]*!(?:[\w-]*!|(?![\w-]))/y, "did not find expected '!'"],
    [/[ \t]+/y, "did not find expected whitespace"],
    [/(?![\w;/?:@&=+$,.!~*'()[\]%-]*%(?![\da-f]{2}))/iy, "did not find URI escaped octet"],
    [/[\w;/?:@&=+$,.!~*'()[\]%-]+/y, "did not find expected tag URI"],
    [/(?=[ \t]|$)/y, "did not find expected whitespace or line break"],
  ],
};

const end: Step = [/[ \t]*(?:#.*)?$/y, "did not find expected comment or line break"];

/** The first thing that is wrong with a line that begins with %; undefined for a directive. */
export function complaintAboutDirective(line: string): string | undefined {
  const name = /^%([\w-]*)/.exec(line)?.[1] as string;
  if (name === "") return "could not find expected directive name";
  if (!/^%[\w-]+(?:[ \t]|$)/.test(line)) return "found unexpected non-alphabetical character";
  const steps = Object.hasOwn(rest, name) ? rest[name] : undefined;
  if (steps === undefined) return "found unknown directive name";
  let at = name.length + 1;
  for (const [shape, complaint] of [...steps, end]) {
    shape.lastIndex = at;
    const found = shape.exec(line);
    if (found === null) return complaint;
    at += found[0].length;
  }
  return undefined;
}

/** What a directive says. */
export function parseDirective(line: string): Directive {
  const version = /^%YAML[ \t]+(\d+\.\d+)/.exec(line)?.[1];
  if (version !== undefined) return { version };
  const [, handle = "", prefix = ""] = /^%TAG[ \t]*(!(?:[\w-]*!)?)[ \t]+([^ \t]+)/.exec(line) ?? [];
  return { handle, prefix };
}
