import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trackUpdate } from "#merge";
import { deepFreeze, isObject, type Json, type JsonObject, splitApiVersion } from "#kernel";
import { builtinSchemas, schemaFor } from "./builtin.ts";
import { decodeBuiltin } from "./decode.ts";
import { canonicalQuantity } from "./quantity.ts";

type Recorded = { code: number; warnings: string[]; answer: JsonObject };

function readLines<T>(name: string): T[] {
  const text = readFileSync(new URL(`./testdata/decode/${name}`, import.meta.url), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

const objects = readLines<JsonObject>("objects.jsonl");
const recorded = readLines<Recorded>("recorded.jsonl");

function rootOf(object: JsonObject): string {
  const { group, version } = splitApiVersion(object["apiVersion"] as string);
  return schemaFor(group, version, object["kind"] as string) as string;
}

/** Without what the server itself gives an object: identity, status, addresses, protection. */
function content(object: JsonObject): JsonObject {
  const { metadata, status: _, ...rest } = object;
  const {
    uid: _1,
    resourceVersion: _2,
    generation: _3,
    creationTimestamp: _4,
    managedFields: _5,
    namespace: _6,
    finalizers: _7,
    annotations,
    ...kept
  } = metadata as JsonObject;
  // The counter of a DaemonSet's templates is set when it is created, not when it is read.
  const counter = "deprecated.daemonset.template.generation";
  if (isObject(annotations))
    kept["annotations"] = { ...annotations, ...(Object.hasOwn(annotations, counter) ? { [counter]: "" } : {}) };
  const spec = isObject(rest["spec"]) ? { ...rest["spec"] } : undefined;
  for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"])
    delete spec?.[name];
  const ports = spec?.["ports"];
  if (object["kind"] === "Service" && Array.isArray(ports))
    (spec as JsonObject)["ports"] = ports.map((port) => withoutNodePort(port as JsonObject));
  return { ...rest, ...(spec === undefined ? {} : { spec }), metadata: kept };
}

function withoutNodePort({ nodePort: _, ...port }: JsonObject): JsonObject {
  return port;
}

function warningOf(path: string): string {
  return `299 - ${JSON.stringify(`unknown field ${JSON.stringify(path)}`)}`;
}

describe("decoding of built-in objects", () => {
  it.each(
    objects.map((object, index) => ({
      title: `${object["kind"] as string} ${(object["metadata"] as JsonObject)["name"] as string}`,
      object,
      ...(recorded[index] as Recorded),
    })),
  )("gives what the real server gives: $title", ({ object, code, warnings, answer }) => {
    const decoded = decodeBuiltin(deepFreeze(object), rootOf(object));
    if (code === 400) {
      const kind = object["kind"] as string;
      const { version } = splitApiVersion(object["apiVersion"] as string);
      expect(`${kind} in version "${version}" cannot be handled as a ${kind}: ${decoded.error}`).toBe(
        answer["message"],
      );
      return;
    }
    expect(decoded.error).toBeUndefined();
    expect(content(decoded.object)).toEqual(content(answer));
    const said = warnings.join(", ");
    for (const path of decoded.unknown) expect(said).toContain(warningOf(path));
    expect(said.split("unknown field").length - 1).toBe(decoded.unknown.length);
    expect(decodeBuiltin(deepFreeze(decoded.object), rootOf(object)).object).toEqual(decoded.object);
  });

  it("lets the creator own what was decoded, defaults included", () => {
    const [object] = objects;
    const { object: next } = decodeBuiltin(object as JsonObject, rootOf(object as JsonObject));
    const tracked = trackUpdate({
      live: undefined,
      next,
      manager: "m",
      nowMs: 0,
      type: { schemas: builtinSchemas, root: rootOf(next) },
    });
    const fieldsOf = (one: JsonObject): Json | undefined => {
      const entries = (one["metadata"] as JsonObject)["managedFields"];
      return Array.isArray(entries) ? (entries[0] as JsonObject)["fieldsV1"] : undefined;
    };
    expect(fieldsOf(tracked)).toEqual(fieldsOf((recorded[0] as Recorded).answer));
  });
});

describe("quantities", () => {
  it.each([
    ["0.5", "500m"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["2000", "2k"],
    ["1000m", "1"],
    ["1e3", "1e3"],
    ["1000e3", "1e6"],
    ["0", "0"],
    ["512Ki", "512Ki"],
    ["1025", "1025"],
    ["1Ki", "1Ki"],
    ["-0.1", "-100m"],
  ])("writes %s as %s", (given, wanted) => expect(canonicalQuantity(given)).toBe(wanted));

  it("writes canonical text as it is", () => {
    const quantity = fc.tuple(
      fc.integer({ min: -5000, max: 5000 }),
      fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi"),
    );
    fc.assert(
      fc.property(quantity, ([amount, suffix]) => {
        const once = canonicalQuantity(`${amount}${suffix}`) as string;
        expect(canonicalQuantity(once)).toBe(once);
      }),
    );
    expect(canonicalQuantity("1.x")).toBeUndefined();
  });
});
