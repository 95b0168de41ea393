import { describe, expect, it } from "vitest";
import { executeTemplate, type Value } from "./index.ts";

const data: Value = { a: "x", n: 1000000, list: ["p", "q"], map: { b: 2, a: 1 }, none: null, empty: {}, t: true };

const results: [template: string, expected: string][] = [
  ["a{{- 1 -}} b", "a1b"],
  ["{{/* c */}}x{{- /* d */ -}} y", "xy"],
  ["{{.a}}{{.n}}", "x1e+06"],
  ["{{range $i, $e := .list}}{{$i}}={{$e}};{{else}}none{{end}}", "0=p;1=q;"],
  ["{{range $k, $v := .map}}{{$k}}{{$v}}{{end}}", "a1b2"],
  ["{{range 3}}{{.}}{{end}}", "012"],
  ['{{range .list}}{{if eq . "q"}}{{break}}{{end}}{{.}}{{end}}', "p"],
  ["{{range .empty}}x{{else}}e{{end}}", "e"],
  ["{{with .missing}}a{{else with .a}}{{.}}{{else}}c{{end}}", "x"],
  ["{{if .missing}}a{{else if .t}}b{{end}}", "b"],
  ['{{define "d"}}[{{.}}]{{end}}{{template "d" .a}}{{block "e" 1}}<{{.}}>{{end}}', "[x]<1>"],
  ["{{$x := 1}}{{if true}}{{$x = 2}}{{$y := 3}}{{$y}}{{end}}{{$x}}", "32"],
  ['{{(index .map "a")}}{{.map.a}}{{(.missing).field}}', "11<no value>"],
  ['{{printf "%05d|%-4s|%q|%v|%.2f|%x|%T" 42 "a" "b" .list 3.14159 255 1.0}}', '00042|a   |"b"|[p q]|3.14|ff|float64'],
  ['{{printf "%d %s" 1.5}}', "%!d(float64=1.5) %!s(MISSING)"],
  ['{{printf "%s" nil}}{{print nil}}{{.none}}', "%!s(<nil>)<nil><no value>"],
  ['{{and 1 0 .x.y}}{{or 0 "" 2}}{{not 0}}', "02true"],
  ['{{"a" | printf "%s%s" "b"}}', "ba"],
  ['{{len "é"}}{{slice "abc" 1 2}}{{index .list 1}}', "2bq"],
  ['{{html "<a>"}}{{js "\'"}}{{urlquery "a b&"}}', "&lt;a&gt;\\'a+b%26"],
  ["{{'a'}} {{0x1F}} {{1e3}} {{1_000}} {{`raw\\n`}} {{\"\\u00e9\\x41\"}}", "97 31 1000 1000 raw\\n éA"],
  ["{{1.0}} {{1e21}} {{100000.0}} {{.00001}}", "1 1e+21 100000 1e-05"],
  ["{{$v := 3}}{{if .missing}}{{$v := 1}}{{else}}{{$v}}{{$v = 2}}{{end}}{{$v}}", "32"],
  ["{{$}}|{{$.a}}", "map[a:x empty:map[] list:[p q] map:map[a:1 b:2] n:1e+06 none:<nil> t:true]|x"],
];

const failures: [template: string, message: string][] = [
  [
    "{{range .list}}{{.Values}}{{end}}",
    'template: template:1:17: executing "template" at <.Values>: can\'t evaluate field Values in type interface {}',
  ],
  [
    "{{len nil}}",
    'template: template:1:2: executing "template" at <len nil>: error calling len: reflect: call of reflect.Value.Type on zero Value',
  ],
  [
    "{{len .none}}",
    'template: template:1:2: executing "template" at <len .none>: error calling len: len of nil pointer',
  ],
  ["{{.a.b}}", 'template: template:1:4: executing "template" at <.a.b>: can\'t evaluate field b in type interface {}'],
  ["{{.none.b}}", 'template: template:1:7: executing "template" at <.none.b>: nil pointer evaluating interface {}.b'],
  [
    "{{lt 1 1.5}}",
    'template: template:1:2: executing "template" at <lt 1 1.5>: error calling lt: incompatible types for comparison: int and float64',
  ],
  [
    "\n{{index .list 7}}",
    'template: template:2:2: executing "template" at <index .list 7>: error calling index: index out of range: 7',
  ],
  ["{{- -}}", 'template: template:1: illegal number syntax: "-"'],
  ["{{nope 1}}", 'template: template:1: function "nope" not defined'],
  ["{{if}}", "template: template:1: missing value for if"],
  ["{{range .a}}{{end}}", 'template: template:1:8: executing "template" at <.a>: range can\'t iterate over x'],
  ['{{template "t"}}', 'template: template:1:11: executing "template" at <{{template "t"}}>: template "t" not defined'],
  ["{{len 1 2}}", 'template: template:1:2: executing "template" at <len>: wrong number of args for len: want 1 got 2'],
  // Known where it is read, as the parser sees it, and never set.
  [
    "{{with .missing}}{{$v := 1}}{{else}}{{$v}}{{end}}",
    'template: template:1:38: executing "template" at <$v>: undefined variable: $v',
  ],
  [
    "{{range .list}}{{with .}}{{.b}}{{end}}{{end}}",
    'template: template:1:27: executing "template" at <.b>: can\'t evaluate field b in type string',
  ],
  ["{{$x}}", 'template: template:1: undefined variable "$x"'],
];

describe("template", () => {
  it.each(results)("%s gives %s", (template, expected) => {
    expect(executeTemplate(template, data)).toBe(expected);
  });

  it.each(failures)("%s fails: %s", (template, message) => {
    expect(() => executeTemplate(template, data, { missingKey: "zero" })).toThrow(message);
  });
});
