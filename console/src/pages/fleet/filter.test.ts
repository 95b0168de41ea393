import { describe, expect, it } from "vitest";
import { cardOf } from "../../wire/samples.ts";
import type { Card } from "../../wire/types.ts";
import { matches, parseFilter, teamOf, toggleState } from "./filter.ts";

const commit = { id: "abc1234def", author: "Ada Lovelace", email: "", atMs: 1, subject: "Raise the limits" };
const card: Card = cardOf({ name: "shop-web", cluster: "edge", labels: { team: "web", tier: "front" }, commit });

describe("the fleet's filter", () => {
  const cases: [string, boolean][] = [
    ["", true],
    ["shop", true],
    ["SHOP edge", true],
    ["shop core", false],
    ["state:ready", true],
    ["state:failed", false],
    ["-state:failed", true],
    ["-shop", false],
    ["cluster:edge ns:flux", true],
    ["label:team=web", true],
    ["label:team=ops", false],
    ["label:tier", true],
    ["team:web", true],
    ["author:ada", true],
    ['author:"ada lovelace"', true],
    ["commit:abc12", true],
    ["commit:limits", true],
    ['"raise the"', true],
    ["image:nginx", false],
  ];
  for (const [text, isFound] of cases)
    it(`${text || "nothing"} ${isFound ? "finds" : "leaves out"} the card`, () =>
      expect(matches(card, parseFilter(text))).toBe(isFound));

  it("has a state put in and taken out by its button", () => {
    expect(toggleState("web", "failed")).toBe("web state:failed");
    expect(toggleState("web state:failed", "failed")).toBe("web");
    expect(toggleState("state:ready web", "failed")).toBe("web state:failed");
  });

  it("knows a team by its label, else not at all", () => {
    expect(teamOf(card)).toBe("web");
    expect(teamOf(cardOf({ labels: { "toolkit.fluxcd.io/tenant": "dev" } }))).toBe("dev");
    expect(teamOf(cardOf())).toBe("");
  });
});
