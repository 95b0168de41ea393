import { describe, expect, it } from "vitest";
import { plural, pluralKind } from "./plural.ts";

describe("a count", () => {
  it("has its noun", () =>
    expect([plural(1, "object"), plural(1_204, "object"), plural(2, "match", "matches")]).toEqual([
      "1 object",
      "1,204 objects",
      "2 matches",
    ]));
  const kinds: [string, string][] = [
    ["Deployment", "3 Deployments"],
    ["Ingress", "3 Ingresses"],
    ["NetworkPolicy", "3 NetworkPolicies"],
    ["Gateway", "3 Gateways"],
    ["Endpoints", "3 Endpoints"],
    ["StorageClass", "3 StorageClasses"],
  ];
  for (const [kind, words] of kinds) it(`of ${kind} is ${words}`, () => expect(pluralKind(3, kind)).toBe(words));
});
