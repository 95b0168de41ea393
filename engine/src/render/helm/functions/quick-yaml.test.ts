import { describe, expect, it } from "vitest";
import { type Json } from "#kernel";
import { parseYaml } from "#formats/yaml";
import { quickYaml } from "./quick-yaml.ts";

const values = `# What the chart is told.

## @param image.tag
image:
  registry: docker.io   # where from
  tag: 1.2.3
  digest: ""
  pullSecrets: []
replicas: 3
ratio: 0.5
port: 0x1f
big: 12345678901234567890
on: yes
nothing:
tilde: ~
when: 2020-01-01
long: a text that
  goes on here
  and here
quoted: "a \\"b\\" \\\\ c\\n"
single: 'it''s'
config: |
  a: 1

    b: 2
  c: 3

kept: |+
  x

stripped: |-
  y
empty: |
# a comment
list:
- a
- b: 1
  c: [x, "y z", 3]
-
  - nested
  - - deeper
map:
    wide: {a: b, c: "d"}
    "quoted key": -1
    'other/key': .5
below:
  {}
lines:
  [
    "a",
    b c,
    'd',
  ]
none:
  null
text:
  "x" # y
address: :8080
spaced : 1
json: {"a":{"b":"c","d":[true,null,"e",12]},"f": {}}
emoji: 🔒 x
01_file.conf: 1
folded: >-
  one
  two
folded.too: >
    x: y
    - z
escaped: "\\u003ca\\u003e \\U0001F510"
listed: [a*, b/c d]
last: https://example.com/#a
`;

const writeAll = (value: Json | undefined): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}n` : Object.is(one, -0) ? "-0" : one));

function parsed(text: string): string {
  try {
    return writeAll(parseYaml(text));
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

const agrees = (text: string): boolean | undefined => {
  const quick = quickYaml(text);
  return quick === undefined ? undefined : writeAll(quick) === parsed(text);
};

describe("the quick reader", () => {
  it("reads what values files are made of as the parser does", () => {
    const text = values.replace("on: yes\n", "isOn: yes\n");
    expect(writeAll(quickYaml(text))).toBe(parsed(text));
  });

  it.each([
    "",
    "# nothing\n",
    "---\na: 1\n",
    "# c\n--- # d\n- 1\n",
    "a: |\n  b\n",
    "- a\n-\n- b",
    "a:\n- 1\n- 2\nb: 1\n",
    "a: -0\n",
    "a: -0.0\n",
    "a:\n  b c\n  d\n",
    "a:\n  |\n   b\n",
    "a: [\n]\n",
    "a: >\n  b\n\nc: d\n",
    "a: >\nc: d\n",
    "a: >-\nc: d\n",
    "-\n  a\n-\n  []\n",
    "a: |\n  b",
    "a: |-\n  b\n  c",
    "a: |+\n  b",
    "a: >-\n  b\n  c",
  ])("reads %j as the parser does", (text) => expect(agrees(text)).toBe(true));

  it.each([
    "a: 1\n b: 2\n",
    "a: b: c\n",
    "a: &x 1\nb: *x\n",
    "a: !!str 1\n",
    "<<: {a: 1}\n",
    "yes: 1\n",
    "1: 2\n",
    "? a\n: b\n",
    "a:\t1\n",
    "a: 'b\n  c'\n",
    'a: "b\n  c"\n',
    'a: "\\x41"\n',
    "a: >-\n  b\n\n  c\n",
    "a: >\n  b\n   c\n",
    'a: "\\ud83d\\udd10"\n',
    "1e3: 2\n",
    "0x1f: 2\n",
    "a: [b,\n# c\nd]\n",
    "a: [\nb\n,c]\n",
    "a:\n  b\n c: d\n",
    "a: |2\n   b\n",
    "a: |\n   \n  b\n",
    "a: .inf\n",
    "a: {b}\n",
    "a: b\n---\nc: d\n",
    "- a\nb: c\n",
    "a: @b\n",
    "a: b\r\n",
    "a: \ud83d\n",
    'a: {"b":1.0}\n',
    'a: {"b":0}\n',
    'a: {"b":"c","b":"d"}\n',
    'a: {"b":"\\n"}\n',
    "text\n",
    "a: b # c\n  d\n",
    `${"- ".repeat(200)}a\n`,
  ])("leaves %j to the parser", (text) => {
    expect(quickYaml(text)).toBeUndefined();
  });

  it("never reads anything else than the parser, whatever is changed in a text", () => {
    const bits = [
      " ",
      "  ",
      "\n",
      "- ",
      ":",
      ": ",
      "#",
      " #",
      '"',
      "'",
      "|",
      ">",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&",
      "*",
      "~",
      "-",
      "---",
      "\n  ",
      ",\n",
      '{"',
      '":',
      "😀",
      "0",
      ".",
      "\\",
    ];
    let [state, read] = [3, 0];
    const choose = (limit: number): number => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
      return state % limit;
    };
    const lines = values.split("\n");
    for (let turn = 0; turn < 8_000; turn++) {
      const start = choose(lines.length);
      const part = `${lines.slice(start, start + 2 + choose(9)).join("\n")}\n`;
      const at = choose(part.length);
      const text = part.slice(0, at) + (bits[choose(bits.length)] ?? "") + part.slice(at + choose(3));
      const isSame = agrees(text);
      if (isSame === undefined) continue;
      read++;
      expect(isSame, JSON.stringify(text)).toBe(true);
    }
    expect(read).toBeGreaterThan(800);
  });
});
