import { describe, expect, it } from "vitest";
import { fieldsOf, numbered, piecesOf } from "./yaml-lines.ts";

const text = `apiVersion: apps/v1
metadata:
  annotations:
    example.com/note: "a: b"
  labels: {}
spec:
  containers:
  - name: web
    args:
    - --port
    - "8080"
    ports:
    - containerPort: 80
      name: http
  - image: side
    name: side
  script: |
    key: not a field
    - nor an item
  rules:
    - host: a
      paths:
        - - deep
status:
  ready: true`;

describe("a line of YAML", () => {
  it("states a field", () => {
    const lines = text.split("\n");
    const { paths } = fieldsOf(lines);
    expect(lines.map((line, index) => `${line.trim()} | ${paths[index]}`)).toEqual([
      "apiVersion: apps/v1 | apiVersion",
      "metadata: | metadata",
      "annotations: | metadata.annotations",
      'example.com/note: "a: b" | metadata.annotations["example.com/note"]',
      "labels: {} | metadata.labels",
      "spec: | spec",
      "containers: | spec.containers",
      "- name: web | spec.containers[0].name",
      "args: | spec.containers[0].args",
      "- --port | spec.containers[0].args[0]",
      '- "8080" | spec.containers[0].args[1]',
      "ports: | spec.containers[0].ports",
      "- containerPort: 80 | spec.containers[0].ports[0].containerPort",
      "name: http | spec.containers[0].ports[0].name",
      "- image: side | spec.containers[1].image",
      "name: side | spec.containers[1].name",
      "script: | | spec.script",
      "key: not a field | ",
      "- nor an item | ",
      "rules: | spec.rules",
      "- host: a | spec.rules[0].host",
      "paths: | spec.rules[0].paths",
      "- - deep | spec.rules[0].paths[0][0]",
      "status: | status",
      "ready: true | status.ready",
    ]);
  });

  const named: [string, string][] = [
    ['spec.containers[name="side"].image', "spec.containers[1].image"],
    ['spec.containers[name="web"].ports[containerPort=80,name="http"].name', "spec.containers[0].ports[0].name"],
    ['spec.containers[name="web"].args[="8080"]', "spec.containers[0].args[1]"],
    ['metadata.annotations["example.com/note"]', 'metadata.annotations["example.com/note"]'],
    ['spec.containers[name="gone"].image', "spec.containers[-1].image"],
    ["spec.rules[0].host", "spec.rules[0].host"],
  ];
  for (const [path, number] of named)
    it(`is found by ${path}`, () => expect(numbered(path, fieldsOf(text.split("\n")))).toBe(number));

  it("is coloured without losing a letter", () => {
    for (const line of text.split("\n"))
      expect(
        piecesOf(line)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(line);
  });

  const kinds: [string, string][] = [
    ["replicas: 2", "key sign number"],
    ["ready: true", "key sign word"],
    ["- name: web", "sign key sign text"],
    ["# note", "comment"],
    ["image: web:1.2", "key sign text"],
    ["", ""],
  ];
  for (const [line, what] of kinds)
    it(`${line} is ${what || "nothing"}`, () =>
      expect(
        piecesOf(line)
          .map((piece) => piece.what)
          .join(" "),
      ).toBe(what));
});
