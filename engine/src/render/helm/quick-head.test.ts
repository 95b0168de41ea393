// The quick reading of a document's head says what the parser says, or nothing.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "#kernel";
import { parseAsGo } from "./functions/yaml.ts";
import { headText } from "./quick-head.ts";

const long = `# Source: web/templates/crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations: {}
  labels:
    "app.kubernetes.io/name": 'web'
  name: webs.example.com # its name
spec:
  names: {}
  list:
  - a
  - b: 1
    c:
    - - x
      - y
  -
    d: [a, "b", 'c']
  versions:
    - description: |-
        Literal: text

          # kept
      other: plain text
        that goes on
      more: 'in quotes: it''s
        long'
      last: "a \\"b\\"
        c"
      resources:
        {}
  conf: |+
    end

`;

const head = (data: Json): Json =>
  Object.fromEntries(
    Object.entries((data ?? {}) as { [key: string]: Json }).filter(([key]) =>
      ["apiVersion", "kind", "metadata"].includes(key),
    ),
  );

describe("headText", () => {
  it("gives the lines of the head of plain block YAML", () => {
    expect(parseAsGo(headText(long) ?? "")).toEqual(head(parseAsGo(long)));
    expect(headText(long)?.length).toBeLessThan(250);
  });

  it.each([`"${"a".repeat(9_000_000)}"`, `'${"a\n  ".repeat(10)}${"'".repeat(9_000_000)}'`])(
    "leaves lines that overflow the stack of an expression to the parser",
    (value) => expect(headText(`apiVersion: v1\nkind: Secret\nlong: ${value}\n`)).toBeUndefined(),
  );

  it.each([
    ["a tab", "a:\n\t- b\n"],
    ["an anchor", "a: &x 1\n"],
    ["an alias", "a: *x\n"],
    ["a merge", "a:\n  <<: *x\n"],
    ["a map in a flow", "a: {b: c}\n"],
    ["a number that JSON has not", "a: .inf\n"],
    ["a number too large", "a: 1e999\n"],
    ["no key", "null: 1\n"],
    ["a second colon", "a: b: c\n"],
    ["a key that goes on", "a: b\n  c: d\n"],
    ["a line further left than its block", "a:\n    b: 1\n  c: 2\n"],
    ["a literal text that moves left", "a: |\n    b\n  c\n"],
    ["quotes that stay open", 'a: "b\n'],
    ["an item of a map", "a: b\n- c\n"],
    ["a list", "- a\n"],
    ["a break of another kind", "a: b\u2028c\n"],
  ])("leaves %s to the parser", (_what, text) => {
    expect(headText(text)).toBeUndefined();
  });

  it("never reads otherwise than the parser, whatever is changed in a text", () => {
    const pieces = [
      "\t",
      " ",
      ": ",
      ":",
      "- ",
      "-",
      "#",
      "\n",
      "'",
      '"',
      "|",
      ">",
      "{",
      "[",
      "&a",
      "?",
      "null",
      ".inf",
      "0",
    ];
    const change = fc.record({
      at: fc.nat(long.length - 1),
      gone: fc.nat(3),
      added: fc.constantFrom("", ...pieces),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const text = changes.reduce(
          (all, { at, gone, added }) => all.slice(0, at) + added + all.slice(at + gone),
          long,
        );
        const quick = headText(text);
        if (quick === undefined) return;
        expect(head(parseAsGo(quick))).toEqual(head(parseAsGo(text)));
      }),
      { numRuns: 2_000 },
    );
  });
});
