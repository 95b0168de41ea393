// node tools/record-refusals.mjs: asks a real kube-apiserver (out of KEELSON_ORACLES) what its golden files ask, and writes them again
// with its answers and its version: refusals of definitions, of their rules and of built-in objects, values of a custom resource, CEL rules. A new case
// is added by hand with its question alone (`object`, `spec` or `rule`), and answered here.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startOracle } from "./oracle-apiserver.mjs";

const crd = fileURLToPath(new URL("../engine/src/api/crd/testdata/", import.meta.url));
const refusals = fileURLToPath(
  new URL("../engine/src/apiserver/validation/testdata/refusals/recorded.jsonl", import.meta.url),
);
const rules = fileURLToPath(
  new URL("../engine/src/apiserver/kinds/testdata/definition-rules/recorded.jsonl", import.meta.url),
);
const cel = fileURLToPath(new URL("../engine/src/formats/cel/testdata/kubernetes/recorded.json", import.meta.url));
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const oracle = await startOracle();
try {
  const ask = async (method, path, body) => {
    const answer = await oracle.ask(method, path, { body });
    return { ...answer, body: JSON.parse(answer.body) };
  };
  const source = `kube-apiserver ${(await ask("GET", "/version")).body.gitVersion}`;
  const refusal = ({ code, body }) =>
    code < 300
      ? { code }
      : { code, message: body.message, ...(body.details?.causes && { causes: body.details.causes }) };

  const recordLines = async (file, pathOf) => {
    const lines = readFileSync(file, "utf8").trim().split("\n").map(JSON.parse);
    const answered = [JSON.stringify({ source })];
    for (const { object } of lines) {
      if (object === undefined) continue;
      const answer = await ask("POST", `${await pathOf(object)}?dryRun=All`, object);
      answered.push(JSON.stringify({ object, ...refusal(answer) }));
    }
    writeFileSync(file, `${answered.join("\n")}\n`);
    console.log(`${file}: ${answered.length - 1}`);
  };

  const resources = new Map();
  const builtinPath = async ({ apiVersion, kind }) => {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    if (!resources.has(base)) resources.set(base, (await ask("GET", base)).body.resources);
    const { name, namespaced } = resources.get(base).find((one) => one.kind === kind && !one.name.includes("/"));
    return namespaced ? `${base}/namespaces/default/${name}` : `${base}/${name}`;
  };

  /** Waits until the definition is served, and gives the path of its objects. */
  const served = async (definition) => {
    const made = await ask("POST", definitions, definition);
    if (made.code !== 201) throw new Error(made.body.message);
    const { group, names, versions } = definition.spec;
    const path = `/apis/${group}/${versions[0].name}/namespaces/default/${names.plural}`;
    for (let tries = 0; tries < 400; tries++) {
      if ((await ask("GET", path).catch(() => undefined))?.code === 200) return path;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${path} is not served`);
  };

  const recordValues = async (file) => {
    const { definition, cases } = JSON.parse(readFileSync(file, "utf8"));
    const path = await served(definition);
    const { group, names, versions } = definition.spec;
    const answered = [];
    for (const [index, { spec, isAbsent = false }] of cases.entries()) {
      const object = {
        apiVersion: `${group}/${versions[0].name}`,
        kind: names.kind,
        metadata: { name: `t${index}` },
        ...(isAbsent ? {} : { spec }),
      };
      const answer = await ask("POST", `${path}?dryRun=All`, object);
      const said = answer.warnings.join(", ").matchAll(/299 - ("(?:[^"\\]|\\.)*")/g);
      const warnings = [...said].map(([, text]) => JSON.parse(text));
      const stored = answer.code < 300 && { stored: answer.body.spec };
      answered.push({ spec, isAbsent, ...refusal(answer), ...stored, warnings });
    }
    writeFileSync(file, `${JSON.stringify({ source, definition, cases: answered }, undefined, 1)}\n`);
    console.log(`${file}: ${answered.length}`);
  };

  const celDefinition = (plural, properties, rules) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.cel.dev` },
    spec: {
      group: "cel.dev",
      scope: "Namespaced",
      names: { plural, singular: plural, kind: plural, listKind: `${plural}list` },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties, "x-kubernetes-validations": rules } },
            },
          },
        },
      ],
    },
  });

  const recordRules = async (file) => {
    const { properties, self, cases } = JSON.parse(readFileSync(file, "utf8"));
    const answered = [];
    const together = 20;
    for (let from = 0; from < cases.length; from += together) {
      const part = cases.slice(from, from + together);
      const rules = part.map(({ rule }, index) => ({ rule, message: `rule ${index} does not hold` }));
      const plural = `rules${from}`;
      const path = await served(celDefinition(plural, properties, rules));
      const object = { apiVersion: "cel.dev/v1", kind: plural, metadata: { name: "x" }, spec: self };
      const { body } = await ask("POST", `${path}?dryRun=All`, object);
      const causes = (body.details?.causes ?? []).map((cause) => cause.message);
      const others = causes.filter((message) => !/^Invalid value: rule \d+ does not hold$/.test(message));
      if (others.length > 0) throw new Error(others.join("; "));
      for (const [index, { rule }] of part.entries())
        answered.push({ rule, holds: !causes.includes(`Invalid value: rule ${index} does not hold`) });
    }
    writeFileSync(file, `${JSON.stringify({ source, properties, self, cases: answered }, undefined, 1)}\n`);
    console.log(`${file}: ${answered.length}`);
  };

  await recordLines(`${crd}definitions/recorded.jsonl`, () => definitions);
  await recordLines(rules, () => definitions);
  await recordLines(refusals, builtinPath);
  await recordValues(`${crd}validation/recorded.json`);
  await recordRules(cel);
} finally {
  oracle.stop();
}
