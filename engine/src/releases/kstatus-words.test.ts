// The words for every object that the rules of health are tried with, beside kstatus' own.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assess } from "#health";
import { fieldOf, type Manifest } from "#kernel";
import { kstatusMessage } from "./kstatus-words.ts";

const folder = new URL("../health/testdata/assess/", import.meta.url);
const oracle = `${process.env["KEELSON_ORACLES"] ?? ""}/kstatus`;
const now = Date.UTC(2026, 5, 1);

/** Paused Deployments are not waited for. */
const objects = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(new URL(`${name}/object.json`, folder), "utf8")) as Manifest)
  .filter((object) => fieldOf(object, "spec", "paused") !== true);

function wordsOf(live: Manifest): string {
  return kstatusMessage(live, assess(live, { now }));
}

describe("kstatus' words", () => {
  it.each([
    [
      "a Deployment",
      { apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: 3 }, status: { replicas: 1 } },
      "Replicas: 1/3",
    ],
    ["a Pod", { apiVersion: "v1", kind: "Pod", status: { phase: "Running" } }, "Pod is running but is not Ready"],
    ["a claim", { apiVersion: "v1", kind: "PersistentVolumeClaim" }, "PVC is not Bound. phase: unknown"],
  ])("of %s that is not ready", (_, object, message) => {
    expect(wordsOf({ metadata: { name: "x" }, ...object } as Manifest)).toBe(message);
  });

  it.skipIf(!existsSync(oracle))("are kstatus' own for all that is in progress or has failed", () => {
    const input = objects.map((object) => `${JSON.stringify(object)}\n`).join("");
    const lines = spawnSync(oracle, { input, encoding: "utf8", maxBuffer: 1e9 }).stdout.trim().split("\n");
    const answers = lines.map((line) => JSON.parse(line) as { status: string; message?: string });
    const compared = objects
      .map((object, at) => ({ object, ...(answers[at] as (typeof answers)[number]) }))
      .filter(({ status }) => status === "InProgress" || status === "Failed");
    expect(compared.length).toBeGreaterThan(30);
    expect(compared.map(({ object }) => `${object.kind} ${wordsOf(object)}`)).toEqual(
      compared.map(({ object, message = "" }) => `${object.kind} ${message}`),
    );
  });
});
