import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deepFreeze, isObject, type Json, type JsonObject } from "#kernel";
import { applyDefaults } from "./default.ts";
import { type CustomKind, customKinds } from "./definition.ts";
import { causesOf, type StatusCause } from "./field-error.ts";
import { labelErrors, qualifiedNameErrors, validateMetadata, subdomainErrors } from "./names.ts";
import { pruneObject, unknownFieldMessage } from "./prune.ts";
import { type EvaluateRule, validateRules } from "./rules.ts";
import { validateChange, validateListTypes, validateValue } from "./validate.ts";

type Case = { spec: Json; isAbsent: boolean; code: number; causes?: StatusCause[]; stored?: Json; warnings: string[] };
type Recorded = { source: string; definition: JsonObject; cases: Case[] };

const recorded = JSON.parse(
  readFileSync(new URL("./testdata/validation/recorded.json", import.meta.url), "utf8"),
) as Recorded;
const kind = customKinds(recorded.definition)[0] as CustomKind;

/** The four rules of the recorded definition, as plain functions. */
const evaluate: EvaluateRule = (expression, { self, oldSelf }) => {
  const of = (value: Json | undefined, name: string): number =>
    isObject(value) ? (value[name] as number) : Number.NaN;
  const rules: { [rule: string]: () => unknown } = {
    "self.a < self.b": () => of(self, "a") < of(self, "b"),
    "self.a != 5": () => of(self, "a") !== 5,
    "self.a >= oldSelf.a": () => of(self, "a") >= of(oldSelf, "a"),
    "self.a < 100": () => of(self, "a") < 100,
    "'a fell'": () => "a fell",
  };
  const rule = rules[expression];
  return rule === undefined ? { ok: false, message: "no such rule" } : { ok: true, value: rule() };
};

function process(
  object: JsonObject,
  old?: JsonObject,
): { stored: JsonObject; causes: StatusCause[]; warnings: string[] } {
  const { schemas, root } = kind;
  const { value, unknown } = pruneObject(applyDefaults(object, schemas, root), schemas, root);
  const errors = [...validateValue(value, schemas, root), ...validateListTypes(value, schemas, root)];
  errors.push(...validateRules({ value, old, schemas, root }, evaluate, errors));
  return { stored: value, causes: causesOf(errors), warnings: unknown.map(unknownFieldMessage) };
}

function bySort(a: StatusCause, b: StatusCause): number {
  const key = (cause: StatusCause): string => `${cause.field} ${cause.message}`;
  return key(a) < key(b) ? -1 : 1;
}

/** The scale subresource's own reading of its path is the server's affair. */
function isScaleReading(cause: StatusCause): boolean {
  return cause.message.includes("accessor error");
}

describe("custom resources", () => {
  it.each(recorded.cases.map((one, index) => ({ ...one, title: `${index} ${JSON.stringify(one.spec)}` })))(
    "answers as the real server: $title",
    (one) => {
      const object: JsonObject = {
        apiVersion: "test.dev/v1",
        kind: "Thing",
        metadata: { name: "x" },
        ...(one.isAbsent ? {} : { spec: one.spec }),
      };
      const result = process(deepFreeze(object));
      const wanted = (one.causes ?? []).filter((cause) => !isScaleReading(cause));
      expect([...result.causes].sort(bySort)).toEqual([...wanted].sort(bySort));
      if (one.stored !== undefined) expect(result.stored["spec"]).toEqual(one.stored);
      if (one.code < 300) expect(result.warnings).toEqual(one.warnings);
    },
  );

  it("checks transition rules against the stored object, and skips them on create", () => {
    const object = (a: number): JsonObject => ({ spec: { need: "x", cel: { a, b: 50 } } });
    expect(process(object(3), object(4)).causes).toEqual([
      { reason: "FieldValueInvalid", message: "Invalid value: a fell", field: "spec.cel" },
    ]);
    expect(process(object(3)).causes).toEqual([]);
  });

  it("lets be what was wrong before and is as it was, and warns of its rules", () => {
    const { schemas, root } = kind;
    const [short, long]: JsonObject[] = [1, 2].map((a) => ({ spec: { need: 5, cel: { a, b: 0 } } }));
    if (short === undefined || long === undefined) throw new Error("two objects");
    expect(validateChange(short, { spec: short["spec"] as Json, more: 1 }, schemas, root)).toEqual([]);
    expect(validateChange(long, short, schemas, root)).toEqual([]);
    expect(validateChange({ spec: { need: 6 } }, short, schemas, root).map(({ field }) => field)).toEqual([
      "spec.need",
    ]);
    const told: string[] = [];
    const input = { schemas, root, warn: (text: string) => void told.push(text) };
    expect(validateRules({ ...input, value: short, old: short }, evaluate, [])).toEqual([]);
    expect(told).not.toEqual([]);
    expect(validateRules({ ...input, value: long, old: short }, evaluate, [])).not.toEqual([]);
  });

  it("keeps a null that is not allowed where apply set it, so that it is refused", () => {
    const { schemas, root } = kind;
    const object = { spec: { need: "x", b: null, d: null } };
    expect(applyDefaults(object, schemas, root)["spec"]).toMatchObject({ need: "x", d: "dd" });
    const kept = applyDefaults(object, schemas, root, { keepsNulls: true });
    expect(kept["spec"]).toMatchObject({ b: null, d: "dd" });
    expect(validateValue(kept, schemas, root).map((error) => error.field)).toEqual(["spec.b"]);
  });

  it("reads names, scope, columns and subresources", () => {
    expect(kind).toMatchObject({
      group: "test.dev",
      version: "v1",
      kind: "Thing",
      listKind: "ThingList",
      plural: "things",
      isNamespaced: true,
      isServed: true,
      hasStatus: true,
    });
    expect(kind.scale).toEqual({ specReplicas: ".spec.i", statusReplicas: ".status.replicas", labelSelector: "" });
  });
});

describe("names", () => {
  it.each([
    ["a.b-c", []],
    [
      "A",
      [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    ["a".repeat(254), ["must be no more than 253 characters"]],
  ] as [string, string[]][])("checks %s", (name, errors) => expect(subdomainErrors(name)).toEqual(errors));

  it("checks labels and their keys", () => {
    expect(labelErrors("a.b")).toHaveLength(1);
    expect(qualifiedNameErrors("example.com/My.Name_1")).toEqual([]);
    expect(qualifiedNameErrors("/x")).toEqual(["prefix part must be non-empty"]);
    expect(
      validateMetadata(
        { name: "x", namespace: "A", labels: { "a b": "c" } },
        { isNamespaced: true, nameRule: subdomainErrors },
      ).map((error) => error.field),
    ).toEqual(["metadata.namespace", "metadata.labels"]);
    expect(validateMetadata({}, { isNamespaced: false, nameRule: subdomainErrors })).toEqual([
      { type: "Required", field: "metadata.name", detail: "name or generateName is required" },
    ]);
  });
});
