import { describe, expect, it } from "vitest";
import { executeTemplate } from "./index.ts";
import { parseTemplate } from "./parser.ts";
import { Surveyor, type SurveyedText } from "./survey.ts";
import { parseSurveyed } from "./surveyed-parser.ts";
import type { Definition } from "./tree.ts";
import { StatementList } from "./tree.ts";
import { Words } from "./words.ts";

const functions = new Set(["include", "quote", "eq", "printf", "default", "dict", "and"]);
const isFunction = (name: string): boolean => functions.has(name);
const padding = "x".repeat(400);

const library = `{{/* Names. {{ "not an action" }} */}}
{{- define "name" -}}
{{- $top := . -}}
{{- if and (eq .Values.kind "a") $top.Values.on }}${padding}
  {{- range $i, $e := .Values.list }}
    {{- if eq $i 2 }}{{ break }}{{ end }}${padding}
    {{ printf "%d \\"%s\\"" $i $e | quote }}
  {{- else }}
  {{- end }}
{{- else if $x := .Values.other -}}
  {{ template "deep" (dict "x" $x "y" (.Values.z).w) }}${padding}
{{- else }}{{ include "deep" $ }}${padding}
{{- end }}
{{- end -}}
{{ define "deep" }}{{ with $v := .x }}{{ $v }}{{ $.y }}{{ else }}${padding}{{ default 1.5 -3 }}{{ \`}\` }}{{ end }}{{ end }}
`;

const newSurveyor = (): Surveyor => new Surveyor(new Words(isFunction));

/** All that the trees say, places included. */
const showAll = (definitions: Definition[]): string =>
  JSON.stringify(definitions, (key, value: unknown) => {
    if (value instanceof StatementList) return value.nodes;
    // A definition whose lists are not parsed yet does not know how many places they need.
    if (key === "slots" || key === "source") return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });

function parsed(text: string, survey?: SurveyedText): string {
  try {
    return showAll(survey === undefined ? parseTemplate("t", text, isFunction) : parseSurveyed("t", text, survey));
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
}

describe("a survey", () => {
  it("finds where long lists end, and the parser reads the same from them", () => {
    const survey = newSurveyor().survey("t", library);
    expect(survey?.ends.size).toBe(7);
    for (const [start, end] of survey?.ends ?? [])
      expect([library.slice(start - 2, start), library.slice(end, end + 2)]).toEqual(["}}", "{{"]);
    expect(parsed(library, survey)).toBe(parsed(library));
  });

  it.each([
    "{{ if .a }}",
    "{{ end }}",
    "{{ else }}",
    "{{ if .a }}{{ else }}{{ else }}{{ end }}",
    "{{ with .a }}{{ else if .b }}{{ end }}",
    "{{ nope .a }}",
    "{{ $x }}",
    "{{ if .a }}{{ $x := 1 }}{{ end }}{{ $x }}",
    '{{ define "a" }}{{ define "b" }}{{ end }}{{ end }}',
    '{{ define "a" }}1{{ end }}{{ define "a" }}2{{ end }}',
    '{{ $x := 1 }}{{ define "a" }}{{ $x }}{{ end }}',
    "{{ break }}",
    "{{ range .a }}{{ else }}{{ break }}{{ end }}",
    '{{ range .a }}{{ end }}{{ define "a" }}{{ continue }}{{ end }}',
    "{{ .a | }}",
    "{{ | quote }}",
    "{{ .a | 1 }}",
    "{{ .a | (1 | 2) }}",
    "{{ (quote .a }}",
    "{{ quote .a) }}",
    "{{ () }}",
    "{{ }}",
    "{{-}}",
    "{{- -}}",
    "{{ .a-}}",
    '{{ "a }}',
    '{{ "a"b }}',
    '{{ "\\q" }}',
    "{{ 'ab' }}",
    "{{ 08 }}",
    "{{ .a.1 }}",
    "{{ .a..b }}",
    "{{ a.b }}",
    "{{ $a.b }}",
    "{{ $x=1 }}",
    "{{ $x, $y := .a }}",
    "{{ range $x, $y }}{{ end }}",
    "{{ if $x := }}{{ end }}",
    "{{ /* a */ }}",
    "{{/* a }}",
    "{{/* a */ -}}{{/* b */-}}",
    "{{ template .a }}",
    "{{ template }}",
    "{{ define .a }}{{ end }}",
    "{{ if }}{{ end }}",
    "{{ end if }}",
    "{{ if.a }}{{ end }}",
    "{{ nil.a }}",
    "{{ quote(.a) }}",
    "{{ é }}",
  ])("leaves %s to the parser", (text) => {
    const survey = newSurveyor().survey("t", text);
    if (parsed(text).startsWith("error")) expect(survey).toBeUndefined();
  });

  it("is never surer than the parser, whatever is changed in a text", () => {
    const bits = [
      "{{",
      "}}",
      " ",
      "(",
      ")",
      "|",
      '"',
      "`",
      ".",
      "$x",
      ":=",
      "=",
      ",",
      "end",
      "else",
      "if",
      "-",
      "1",
      "\n",
    ];
    const surveyor = newSurveyor();
    let [state, sure] = [7, 0];
    const choose = (limit: number): number => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
      return state % limit;
    };
    for (let turn = 0; turn < 3000; turn++) {
      const at = library.indexOf("{{", choose(library.length)) + choose(30);
      const text = library.slice(0, at) + (bits[choose(bits.length)] ?? "") + library.slice(at + choose(5));
      const survey = surveyor.survey("t", text);
      if (survey === undefined) continue;
      sure++;
      expect(parsed(text, survey)).toBe(parsed(text));
    }
    expect(sure).toBeGreaterThan(300);
  });
});

describe("a list that is read when it runs", () => {
  it("names the places in it", () => {
    const text = `\n{{ if .on }}${padding}\n${padding}{{ .none.b }}{{ end }}`;
    expect(() => executeTemplate(text, { on: true, none: null })).toThrow("template:3:408: executing");
    expect(executeTemplate(text, { on: false })).toBe("\n");
  });

  it("keeps its variables apart from others", () => {
    const text = `{{ $a := 1 }}{{ range $i := .list }}${padding}{{ $a = $i }}{{ $b := $i }}{{ if $b }}${padding}{{ $c := $b }}{{ $c }}{{ end }}{{ end }}{{ $d := 5 }}{{ $a }}{{ $d }}`;
    expect(executeTemplate(text, { list: [0n, 7n] }).replaceAll("x", "")).toBe("775");
  });
});
