import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SchemaNode, SchemaSet } from "#kernel";
import { randomRules, schema } from "../testdata/typed/rules.ts";
import { admissionVariables, composedVariables } from "./admission.ts";
import { declare } from "./declared.ts";
import { inspectCel } from "./inspect.ts";

const oracle = `${process.env["KEELSON_ORACLES"] ?? ""}/cel-rules`;
const count = process.env["KEELSON_PROOF"] === "cel-rules" ? Number(process.env["KEELSON_COUNT"] ?? 50_000) : 1_500;
const golden = new URL("../testdata/typed/recorded.json", import.meta.url);

type Answer = { error?: string; cost?: string; old?: boolean };
type Recorded = { source: string; answers: (Answer & { rule: string })[] };

/** The keywords of a definition's schema that the tests use, as the engine's own nodes. */
function nodeOf(definition: Record<string, unknown>): SchemaNode {
  const { properties, items, additionalProperties, maxLength, maxItems, maxProperties, ...rest } = definition;
  const below = (one: unknown): SchemaNode => nodeOf(one as Record<string, unknown>);
  const checks = Object.fromEntries(
    Object.entries({ maxLength, maxItems, maxProperties }).filter(([, value]) => value !== undefined),
  );
  return {
    ...(rest as SchemaNode),
    ...(rest["x-kubernetes-int-or-string"] === true ? { type: "int-or-string" as const } : {}),
    ...(rest["x-kubernetes-embedded-resource"] === true ? { embeddedResource: true } : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties as object).map(([name, one]) => [name, below(one)])),
        }),
    ...(items === undefined ? {} : { items: below(items) }),
    ...(additionalProperties === undefined ? {} : { additional: below(additionalProperties) }),
    checks: checks as NonNullable<SchemaNode["checks"]>,
  };
}

const schemas: SchemaSet = { resolve: (ref) => ref as SchemaNode };
const declared = declare(schemas, nodeOf(schema), "selfType", true);

function answer(rule: string): Answer {
  if (declared === undefined) throw new Error("the schema declares nothing");
  const variables = new Map([
    ["self", declared.type],
    ["oldSelf", declared.type],
  ]);
  const found = inspectCel(rule, variables);
  if (!found.ok) return { error: `compilation failed: ${found.message}` };
  if (found.type !== "bool") return { error: "cel expression must evaluate to a bool" };
  if (found.unfit !== undefined) return { error: `program instantiation failed: ${found.unfit}` };
  return { cost: String(found.cost(declared)), old: found.names.has("oldSelf") };
}

/** Names of types have a number of their own there; the words of a parser about what it did not expect are its own. */
function comparable({ error, cost, old }: Answer): unknown {
  if (error === undefined) return { cost, old };
  return { error: error.includes("Syntax error") ? "Syntax error" : error.replaceAll(/selfType\d+/g, "selfType") };
}

function ask(rules: readonly string[]): Answer[] {
  const { stdout } = spawnSync(oracle, { input: `${JSON.stringify({ schema, rules })}\n`, maxBuffer: 2 ** 30 });
  return JSON.parse(stdout.toString()) as Answer[];
}

if (process.env["UPDATE_GOLDEN"] === "1" && existsSync(oracle)) {
  const { source, answers } = JSON.parse(readFileSync(golden, "utf8")) as Recorded;
  const rules = answers.map(({ rule }) => rule);
  const next = ask(rules).map(({ error, cost, old }, index) => ({
    rule: rules[index],
    ...(error === undefined ? { cost, old } : { error }),
  }));
  writeFileSync(golden, `${JSON.stringify({ source, answers: next }, undefined, 1)}\n`);
}

describe("expressions judged before they are evaluated", () => {
  const { answers } = JSON.parse(readFileSync(golden, "utf8")) as Recorded;
  it.each(answers)("$rule", ({ rule, ...expected }) => {
    expect(comparable(answer(rule))).toEqual(comparable(expected));
  });

  it("shows an error in a line of wide characters where it is", () => {
    const found = inspectCel("'日本' + 1", new Map());
    expect(found).toEqual({
      ok: false,
      message:
        "ERROR: <input>:1:6: found no matching overload for '_+_' applied to '(string, int)'\n | '日本' + 1\n | .．．..^",
    });
  });

  it("knows the variables of policies, what they name themselves, and the types of changes", () => {
    const variables = admissionVariables({ hasParams: false, hasAuthorizer: true });
    const named = [
      { name: "size", expression: "object.spec.replicas + 1" },
      { name: "name", expression: "request.name" },
    ];
    variables.set("variables", composedVariables(named, variables));
    const said = (rule: string): string => {
      const found = inspectCel(rule, variables, { hasPatchTypes: true });
      return found.ok ? found.type : (/ERROR: <input>:\d+:\d+: (.*)/.exec(found.message)?.[1] ?? "");
    };
    expect(said("variables.name + 'x'")).toBe("string");
    expect(said("variables.name + 1")).toContain("'(string, int)'");
    expect(said("variables.other")).toBe("undefined field 'other'");
    expect(said("authorizer.requestResource.check('get').allowed()")).toBe("bool");
    expect(said("namespaceObject.metadata.labels.x")).toBe("string");
    expect(said("Object{spec: Object.spec{replicas: 1}}")).toBe("Object");
    expect(said("[JSONPatch{op: 'add', path: '/a', value: 1}]")).toBe("list(JSONPatch)");
    expect(said("[JSONPatch{op: 1}]")).toBe("expected type of field 'op' is 'string' but provided type is 'int'");
    expect(said("jsonpatch.escapeKey('a/b')")).toBe("string");
  });

  it("refuses what nests too deeply instead of running out of stack", () => {
    expect(inspectCel(`${"(".repeat(5_000)}1${")".repeat(5_000)}`, new Map()).ok).toBe(false);
    expect(inspectCel(`${"[".repeat(5_000)}1${"]".repeat(5_000)}`, new Map()).ok).toBe(false);
  });
});

describe.skipIf(!existsSync(oracle))("beside Kubernetes' own compiler", () => {
  it(`gives equal types, errors and costs for random rules`, { timeout: 600_000 }, () => {
    const rules = randomRules(Number(process.env["KEELSON_SEED"] ?? 1), count);
    const different = ask(rules).flatMap((expected, index) => {
      const rule = rules[index] as string;
      const [theirs, ours] = [comparable(expected), comparable(answer(rule))];
      return JSON.stringify(theirs) === JSON.stringify(ours) ? [] : [{ rule, theirs, ours }];
    });
    expect(different.slice(0, 5)).toEqual([]);
  });
});
