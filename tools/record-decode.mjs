// node tools/record-decode.mjs: creates, as a dry run, each object of testdata/decode/objects.jsonl on a real kube-apiserver
// (KEELSON_ORACLES) and keeps the answers, which decoding and defaulting of built-in kinds must give too.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startOracle } from "./oracle-apiserver.mjs";

const folder = fileURLToPath(new URL("../engine/src/api/kubernetes/testdata/decode/", import.meta.url));
const objects = readFileSync(`${folder}objects.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const clustered = new Set([
  "PersistentVolume",
  "ClusterRole",
  "StorageClass",
  "PriorityClass",
  "ValidatingWebhookConfiguration",
  "CustomResourceDefinition",
]);
const irregular = {
  NetworkPolicy: "networkpolicies",
  Ingress: "ingresses",
  StorageClass: "storageclasses",
  PriorityClass: "priorityclasses",
  Endpoints: "endpoints",
};

const oracle = await startOracle();
try {
  await oracle.ask("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "d1" } },
  });
  const lines = [];
  for (const object of objects) {
    const base = object.apiVersion.includes("/") ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
    const plural = irregular[object.kind] ?? `${object.kind.toLowerCase()}s`;
    const at = `${base}${clustered.has(object.kind) ? "" : "/namespaces/d1"}/${plural}?dryRun=All&fieldValidation=Warn&fieldManager=m`;
    const answer = await oracle.ask("POST", at, { body: object });
    const body = JSON.parse(answer.body);
    if (answer.code !== 201 && answer.code !== 400)
      throw new Error(`${object.kind} ${object.metadata.name}: ${body.message}`);
    lines.push(
      JSON.stringify({
        code: answer.code,
        warnings: answer.warnings,
        answer: answer.code === 201 ? body : { message: body.message },
      }),
    );
  }
  writeFileSync(`${folder}recorded.jsonl`, `${lines.join("\n")}\n`);
  console.log(`${lines.length} objects`);
} finally {
  oracle.stop();
}
