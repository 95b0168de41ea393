import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Incoming } from "./exchange.ts";
import { indented, laidOut, type Layout } from "./layout.ts";

type Case = { title: string; url?: string; agent?: string; layout?: Layout; expected: string };

const line = '{"a":[1,{}]}\n';
const wide = '{\n  "a": [\n    1,\n    {}\n  ]\n}';

const cases: readonly Case[] = [
  { title: "a line for machines", expected: line },
  { title: "indented for curl", agent: "curl/8.5.0", expected: wide },
  { title: "indented for Wget", agent: "Wget/1.21", expected: wide },
  { title: "indented for browsers", agent: "Mozilla/5.0 (X11)", expected: wide },
  { title: "a line for kubectl", agent: "kubectl/v1.36.3", expected: line },
  { title: "indented where asked for", url: "/?pretty=true", agent: "kubectl/v1.36.3", expected: wide },
  { title: "a line where indenting is refused", url: "/?pretty=0", agent: "curl/8.5.0", expected: line },
  { title: "a line where the wish is no truth", url: "/?pretty=yes", agent: "curl/8.5.0", expected: line },
  { title: "as the client is where the wish is empty", url: "/?pretty=", agent: "curl/8.5.0", expected: wide },
  { title: "always indented", layout: "indented", expected: wide },
  { title: "never touched", layout: "as-it-is", agent: "curl/8.5.0", expected: '{"a":[1,{}]}' },
];

describe("the layout of JSON", () => {
  it.each(cases)("is $title", ({ url = "/", agent, layout = "object", expected }) => {
    const request = { url, headers: agent === undefined ? {} : { "user-agent": agent } } as Incoming;
    for (const body of ['{"a":[1,{}]}', Buffer.from('{"a":[1,{}]}')])
      expect(Buffer.from(laidOut(body, layout, request)).toString()).toBe(expected);
  });

  it("is that of JSON.stringify", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2));
      }),
    );
  });
});
