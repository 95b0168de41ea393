// What --set and its relatives make of a text, recorded from the real Helm 4.3.1; values-merging at random is in fuzz.test.ts.

import { expect, it } from "vitest";
import { formatFault } from "#kernel";
import type { GoMap } from "#formats/gotemplate";
import { formatJson } from "./functions/json.ts";
import { loadValues, type UserValues, userValues } from "./values.ts";

const cases: [given: UserValues, said: unknown][] = [
  [{ set: ["a[=1"] }, {}],
  [{ set: ["a[0]"] }, { a: [] }],
  [{ set: ["b=1,a[0][1]"] }, { a: [], b: 1 }],
  [{ set: ["a[0]."] }, { a: [] }],
  [{ set: ["a.="] }, {}],
  [{ set: ["b=1,a.b."] }, { b: 1 }],
  [{ set: ["a[1]=x,a[0].b=é"] }, { a: [{ b: "é" }, "x"] }],
  [{ set: ["a=falſe,b=TRUE,c=Null,d=010"] }, { a: false, b: true, c: null, d: "010" }],
  [{ set: ["a.b"] }, 'failed parsing --set data: key "b" has no value'],
  [{ set: ["a,b=1"] }, 'failed parsing --set data: key "a" has no value (cannot end with ,)'],
  [{ set: ["a={b"] }, "failed parsing --set data: list must terminate with '}'"],
  [
    { set: ["a[0]=x,a[0][1]=y"] },
    "failed parsing --set data: unable to parse key: interface conversion: interface {} is string, not []interface {}",
  ],
  [{ set: ["a[x]=1"] }, 'failed parsing --set data: error parsing index: strconv.Atoi: parsing "x": invalid syntax'],
  [
    { set: ["a[99999999999999999999]=1"] },
    'failed parsing --set data: error parsing index: strconv.Atoi: parsing "99999999999999999999": value out of range',
  ],
  [{ set: ["a[0]xy=1"] }, "failed parsing --set data: unexpected data at end of array index: ['x' 'y']"],
  [{ set: ["a[-1]=1"] }, "failed parsing --set data: negative -1 index not allowed"],
  [{ setJson: ["[1]"] }, {}],
  [{ setJson: ["a=1b=2"] }, { a: 1, b: 2 }],
  [{ setJson: ["a=truefalse=1"] }, { a: true, false: 1 }],
  [{ setJson: ['a= {"b": [1]} ,c='] }, { a: { b: [1] }, c: null }],
  [{ setJson: ["a=1.,b=2"] }, "failed parsing --set-json data a=1.,b=2"],
  [{ setLiteral: ["a[0]=x,y=z"] }, { a: ["x,y=z"] }],
  [{ setLiteral: ["a.=x"] }, 'failed parsing --set-literal data: key map "a" has no value'],
];

const plain = (value: GoMap): unknown => JSON.parse(formatJson(value));

it.each(cases)("%j gives %j", (given, said) => {
  let got: unknown;
  try {
    got = plain(userValues(given));
  } catch (error) {
    got = formatFault(error);
  }
  expect(got).toEqual(said);
});

const documents: [text: string, said: unknown][] = [
  ["a: 1\n---\nb: 2\n--- # more\na: {c: 3}", { a: { c: 3 }, b: 2 }],
  ["---\na: |+\n  x", { a: "x\n" }],
  ["# nothing\n---\n---\nnull\n", {}],
  ["a: 1\n--- {b: 2}\n", "error reading yaml document: invalid Yaml document separator: {b: 2}"],
  ["a: 1\n----\n", "error reading yaml document: invalid Yaml document separator: -"],
  [
    "? [1, {b: 2.5}]\n: x\n",
    'cannot unmarshal yaml document: error converting YAML to JSON: yaml: invalid map key: []interface {}{1, map[interface {}]interface {}{"b":2.5}}',
  ],
  [
    "~: {a: 1e6, b: [~]}\n",
    'cannot unmarshal yaml document: error converting YAML to JSON: unsupported map key of type: %!s(<nil>), key: <nil>, value: map[interface {}]interface {}{"a":1e+06, "b":[]interface {}{interface {}(nil)}}',
  ],
  [
    "18446744073709551615: true\n",
    "cannot unmarshal yaml document: error converting YAML to JSON: unsupported map key of type: uint64, key: 0xffffffffffffffff, value: true",
  ],
];

it.each(documents)("values of %j are %j", (text, said) => {
  let got: unknown;
  try {
    got = plain(loadValues(text));
  } catch (error) {
    got = formatFault(error);
  }
  expect(got).toEqual(said);
});
