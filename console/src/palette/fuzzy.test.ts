import { describe, expect, it } from "vitest";
import { fitOf } from "./fuzzy.ts";

const names = [
  "Kustomization shop/web",
  "Kustomization shop/web-api",
  "HelmRelease edge/cert-manager",
  "Go to the timeline",
  "Resume",
];

const best = (typed: string): string | undefined =>
  names
    .map((name) => ({ name, fit: fitOf(typed, name) }))
    .filter(({ fit }) => fit !== undefined)
    .sort((a, b) => (b.fit ?? 0) - (a.fit ?? 0))[0]?.name;

describe("a few letters", () => {
  const cases: [string, string | undefined][] = [
    ["web", "Kustomization shop/web"],
    ["webapi", "Kustomization shop/web-api"],
    ["cm", "HelmRelease edge/cert-manager"],
    ["time", "Go to the timeline"],
    ["cert man", "HelmRelease edge/cert-manager"],
    ["zzz", undefined],
    ["RES", "Resume"],
  ];
  for (const [typed, name] of cases) it(`${typed} mean ${name ?? "nothing"}`, () => expect(best(typed)).toBe(name));
});
