import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, decodeJson, type Json } from "#kernel";
import { formatYaml, parseYaml, parseYamlDocuments, YamlFault } from "./index.ts";

type Case = { op: "json" | "format"; text: string; answer?: string; error?: string };
const recorded = JSON.parse(readFileSync(new URL("testdata/go-answers.golden.json", import.meta.url), "utf8")) as {
  oracle: string;
  cases: Case[];
};

function faultOf(run: () => unknown): YamlFault | undefined {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof YamlFault) return thrown;
    throw thrown;
  }
  return undefined;
}

describe(`as ${recorded.oracle}`, () => {
  test.each(recorded.cases.filter((one) => one.op === "json"))("reads $text", ({ text, answer }) => {
    if (answer === undefined) expect(faultOf(() => parseYaml(text))).toBeDefined();
    else expect(canonicalJson(parseYaml(text))).toBe(canonicalJson(decodeJson(answer)));
  });

  test.each(recorded.cases.filter((one) => one.op === "format"))("writes $text", ({ text, answer }) => {
    expect(formatYaml(decodeJson(text))).toBe(answer);
  });
});

test("a fault tells line and column", () => {
  const fault = faultOf(() => parseYaml("a: 1\nb: [1, 2\nc: 3\n"));
  expect([fault?.code, fault?.line]).toEqual(["yaml-syntax", 3]);
});

test.each([
  ["YAML 1.2, which go-yaml v2 does not read", "%YAML 1.2\n---\na: 1\n"],
  ["a line behind the document that looks like a directive", "a: 1\n% b\n"],
  ["a directive of another name", "a: 1\n%OTHER b\n"],
  ["a bracket that belongs to the tag in front of it", "a: [!!str]\n"],
])("%s is refused", (_name, text) => {
  expect(faultOf(() => parseYaml(text))).toBeDefined();
});

test("a byte order mark counts for nothing at the start, and is a sign like any other inside", () => {
  expect(parseYaml("\ufeffa: 1\n")).toEqual({ a: 1 });
  expect(parseYaml("a: 1\n\ufeffb: 2\n")).toEqual({ a: 1, "\ufeffb": 2 });
});

test("duplicate keys are refused only when strict", () => {
  expect(parseYaml("a: 1\na: 2\n")).toEqual({ a: 2 });
  expect(faultOf(() => parseYaml("a: 1\na: 2\n", { isStrict: true }))?.code).toBe("yaml-duplicate-key");
});

test("aliases that multiply end in a limit, quickly", () => {
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++) bomb.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
  expect(faultOf(() => parseYaml(bomb.join("\n")))?.code).toBe("yaml-limit");
});

test.each(["[", "{a: ", "- "])("nesting of %j ends in a limit, not in a broken stack", (open) => {
  expect(faultOf(() => parseYaml(open.repeat(200_000)))?.code).toBe("yaml-limit");
});

test("all documents are read, without empty ones", () => {
  expect(parseYamlDocuments("a: 1\n---\n# none\n---\nb: 2\n...\n---\n- c\n")).toEqual([{ a: 1 }, { b: 2 }, ["c"]]);
});

test("a key with any line break follows a question mark", () => {
  expect(formatYaml({ "a\rb": 1, "c\nd": 2 })).toBe('? "a\\rb"\n: 1\n? |-\n  c\n  d\n: 2\n');
});

test("what is written is read back as the same data", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("yes", "1e3", "a: b", " x\n", "\n\n"),
  );
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(text, tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (data) => {
      const plain = decodeJson(JSON.stringify(data).replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, "?"));
      expect(canonicalJson(parseYaml(formatYaml(plain)))).toBe(canonicalJson(plain));
    }),
    { numRuns: 500, seed: 5 },
  );
});
