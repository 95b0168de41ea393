// Bodies and answers in other forms than clients of Go use: the data of Secrets as people write it, and media types that nobody serves.

import { applied, get, patch, post, put, type Script, unseen } from "./steps.ts";

const place = "/api/v1/namespaces";
const namespace = "sec-base64";
const secrets = `${place}/${namespace}/secrets`;

function secret(name: string, value: string): Record<string, unknown> {
  return { apiVersion: "v1", kind: "Secret", metadata: { name }, data: { a: value } };
}

const taken = ["YWJj\nZGVm\n", "YWJj\r\nZGVm\r\n", "YQ=\n=", "YQ\n==\n", "YWI\n=\n", "\n", "Y\nW\nI\n=", "YR==", "YWJ="];
const refused = ["Y", "YQ", "YW\nI", "YQ=", "YQ=\n", "YQ=A", "YQ=\nA", "=", "Y=", "YQ==YQ==", "YQ==\nA", "YWI=A", "Y W I =", "YWI*", "YWJj\nZ", "YWJj\nZG-_", "YWJjé"];

const types = ["text/html", "application/*", "text/html, application/json", "text/html;q=0.9", "application/json;as=Odd;v=v1;g=meta.k8s.io", "*/*"];
const forms = "sec-forms";
const paths = [`${place}/${forms}`, `${place}/${forms}/configmaps`, `${place}/${forms}/configmaps/none`, `/apis/example.com/v1/namespaces/${forms}/widgets`, `/apis/example.com/v1/namespaces/${forms}/widgets/none`, `/apis/apps/v1/namespaces/${forms}/deployments/none/scale`];

export const bodyScripts: readonly Script[] = [
  {
    name: "forms: asked for and not known",
    steps: [
      unseen(post(place, { metadata: { name: forms } })),
      ...paths.flatMap((path) => types.map((accept) => get(path, { accept }))),
      ...types.map((accept) => ({ ...post(`${place}/${forms}/configmaps`, { metadata: { name: "made" } }), headers: { accept } })),
    ],
  },
  {
    name: "secrets: base64",
    steps: [
      unseen(post(place, { metadata: { name: namespace } })),
      ...taken.map((value, at) => post(secrets, secret(`taken-${at}`, value))),
      ...refused.map((value, at) => post(secrets, secret(`refused-${at}`, value))),
      put(`${secrets}/taken-0`, secret("taken-0", "YWJj\nZGVm")),
      patch(`${secrets}/taken-0`, "merge", { data: { b: "YWJj\nZGVm\n" } }),
      patch(`${secrets}/taken-0`, "strategic", { data: { b: "YWJjZGVm", c: "YQ=\n=" } }),
      patch(`${secrets}/taken-0`, "json", [{ op: "add", path: "/data/d", value: "Y\nQ==" }]),
      patch(`${secrets}/taken-0`, "json", [{ op: "add", path: "/data/d", value: "Y\nQ" }]),
      applied(`${secrets}/applied`, "one", secret("applied", "YWJj\nZGVm\n")),
      applied(`${secrets}/applied`, "one", secret("applied", "YWJj\nZGVm\n")),
      applied(`${secrets}/applied`, "two", secret("applied", "YWJjZGVm")),
      applied(`${secrets}/applied`, "two", secret("applied", "YWJj\nZGVn")),
      applied(`${secrets}/applied`, "two", secret("applied", "YWJj\nZG")),
      get(secrets),
    ],
  },
];
