import { describe, expect, it } from "vitest";
import { matchesSelector, type Selector } from "./selector.ts";

const labels = { app: "web", tier: "front" };

describe("a label selector", () => {
  it.each<[string, Selector | undefined, boolean]>([
    ["nothing where there is none", undefined, false],
    ["everything where it is empty", {}, true],
    ["equal labels", { matchLabels: { app: "web" } }, true],
    ["not another value", { matchLabels: { app: "db" } }, false],
    ["a value out of a list", { matchExpressions: [{ key: "tier", operator: "In", values: ["front", "back"] }] }, true],
    ["an absent label by NotIn", { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }, true],
    ["not an absent label by Exists", { matchExpressions: [{ key: "zone", operator: "Exists" }] }, false],
    ["an absent label by DoesNotExist", { matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }, true],
    ["nothing by an unknown operator", { matchExpressions: [{ key: "app", operator: "Like" }] }, false],
  ])("matches %s", (_, selector, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });
});
