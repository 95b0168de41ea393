// Cases in the spirit of fluxcd/pkg/chartutil's own, whose results are the expected ones.

import { describe, expect, it } from "vitest";
import type { ValuesReference } from "#api/flux";
import { loadValues, toPlain } from "#render/helm";
import { composeValues, inlineValues, type ValuesFile, type ValuesObject } from "./values.ts";

type Case = {
  objects?: { [name: string]: { [key: string]: string } };
  references: ValuesReference[];
  inline?: string;
  files?: ValuesFile[];
};

function compose({ objects = {}, references, inline = "", files = [] }: Case) {
  const objectOf = ({ kind, name }: ValuesReference): ValuesObject => {
    const data = objects[`${kind}/${name}`];
    return data === undefined ? { missing: `${name} not found` } : { data: new Map(Object.entries(data)) };
  };
  const given = inlineValues(toPlain(loadValues(inline)));
  return toPlain(composeValues({ namespace: "shop", references, objectOf, files, inline: given }));
}

const map = (name: string, more: Partial<ValuesReference> = {}): ValuesReference => ({
  kind: "ConfigMap",
  name,
  ...more,
});
const secret = (name: string, more: Partial<ValuesReference> = {}): ValuesReference => ({
  kind: "Secret",
  name,
  ...more,
});

describe("values of a release", () => {
  it("merge: later references over earlier ones, inline values over all", () => {
    const objects = {
      "ConfigMap/one": { "values.yaml": "a: 1\nnested: {p: one, q: one}\n" },
      "Secret/two": { other: "nested: {q: two, z: two}\n" },
    };
    const references = [map("one"), secret("two", { valuesKey: "other" })];
    expect(compose({ objects, references, inline: "nested: {z: inline}\n" })).toEqual({
      a: 1,
      nested: { p: "one", q: "two", z: "inline" },
    });
  });

  it("set a single value at a path above everything", () => {
    const objects = {
      "ConfigMap/values": { "values.yaml": "flat: value\nnested:\n  configuration: [one, two, three]\n" },
      "Secret/values": { key: "value" },
    };
    const references = [secret("values", { valuesKey: "key", targetPath: "nested.configuration[0]" }), map("values")];
    expect(compose({ objects, references, inline: "nested:\n  configuration: [list, item, option]\n" })).toEqual({
      flat: "value",
      nested: { configuration: ["value", "item", "option"] },
    });
  });

  it.each<[string, string, Partial<ValuesReference>, unknown]>([
    ["a number", "8", {}, 8n],
    ["a truth", "true", {}, true],
    ["quoted text", '"8"', {}, "8"],
    ["a list", "{a,b}", {}, ["a", "b"]],
    ["literal text", "{a,b}=c\\d,[e]", { literal: true }, "{a,b}=c\\d,[e]"],
  ])("read %s at a path as --set does, unless it is literal", (_, text, more, expected) => {
    const objects = { "ConfigMap/v": { "values.yaml": text } };
    expect(compose({ objects, references: [map("v", { targetPath: "a.b", ...more })] })).toEqual({
      a: { b: expected },
    });
  });

  it("take files of sources below the inline values and above references", () => {
    const objects = { "ConfigMap/v": { "values.yaml": "a: reference\nb: reference\nc: reference\n" } };
    const files = [
      { label: "base", text: "b: base\nc: base\n" },
      { label: "top", text: "c: top\nd: top\n" },
    ];
    expect(compose({ objects, references: [map("v")], files, inline: "d: inline\n" })).toEqual({
      a: "reference",
      b: "base",
      c: "top",
      d: "inline",
    });
  });

  it("leave out what is optional and absent", () => {
    const objects = { "ConfigMap/v": { other: "a: 1" } };
    const references = [map("v", { optional: true }), map("none", { optional: true })];
    expect(compose({ objects, references, inline: "b: 2" })).toEqual({ b: 2 });
  });

  it.each<[string, Case, string]>([
    [
      "an object that is not there",
      { references: [secret("none")] },
      "could not resolve Secret chart values reference 'shop/none' with key 'values.yaml': none not found",
    ],
    [
      "a key that is not there",
      { objects: { "ConfigMap/v": {} }, references: [map("v", { valuesKey: "k" })] },
      "could not resolve ConfigMap chart values reference 'shop/v' with key 'k': key not found",
    ],
    [
      "a path that leads through a text",
      {
        objects: { "ConfigMap/v": { "values.yaml": "x" } },
        references: [map("v", { targetPath: "a.b" })],
        inline: "a: 1",
      },
      "could not resolve ConfigMap chart values reference 'shop/v' with key 'values.yaml': unable to parse key: interface conversion: interface {} is float64, not map[string]interface {}",
    ],
    [
      "values that are no map",
      { objects: { "ConfigMap/v": { "values.yaml": "just text" } }, references: [map("v")] },
      "could not resolve ConfigMap chart values reference 'shop/v' with key 'values.yaml': ",
    ],
  ])("name %s", (_, given, message) => {
    expect(() => compose(given)).toThrow(message);
  });
});
