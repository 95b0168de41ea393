import { describe, expect, it } from "vitest";
import { compareSemVer, parseRange, parseSemVer } from "./semver.ts";

function checkRange(range: string, inside: string[], outside: string[]): void {
  const matches = parseRange(range);
  const holds = (text: string): boolean => {
    const version = parseSemVer(text);
    return version !== undefined && matches?.(version) === true;
  };
  expect(inside.filter((text) => !holds(text))).toEqual([]);
  expect(outside.filter(holds)).toEqual([]);
}

describe("semver", () => {
  it.each([
    ["*", ["0.0.0", "1.2.3", "v9.0.0"], ["1.0.0-rc.1"]],
    [">=1.0.0 <2.0.0", ["1.0.0", "1.9.9"], ["0.9.9", "2.0.0", "1.5.0-beta"]],
    [">=1.0.0, <2.0.0", ["1.5.0"], ["2.0.0"]],
    ["^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0"]],
    ["^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0"]],
    ["^0.0.3", ["0.0.3"], ["0.0.4"]],
    ["^0", ["0.9.9"], ["1.0.0"]],
    ["~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]],
    ["~1", ["1.0.0", "1.9.9"], ["2.0.0"]],
    ["1.2.x", ["1.2.0", "1.2.9"], ["1.3.0"]],
    ["1.2", ["1.2.9"], ["1.3.0"]],
    ["1.2 - 1.4.5", ["1.2.0", "1.4.5"], ["1.4.6"]],
    ["1.x || >=3", ["1.5.0", "3.0.0"], ["2.0.0"]],
    ["!=1.2.3", ["1.2.4"], ["1.2.3"]],
    [">1.2", ["1.3.0"], ["1.2.9"]],
    ["<=1.2", ["1.2.9"], ["1.3.0"]],
    [">=1.0.0-0", ["1.0.0-rc.1", "1.0.0", "1.1.0-beta"], ["0.9.0"]],
    ["v1.2.3", ["1.2.3", "v1.2.3"], ["1.2.4"]],
  ])("%s", (range, inside, outside) => checkRange(range, inside, outside));

  it.each(["", "one", ">=", "1.2.3.4", "=>=1", "|| "])("takes %j for no range", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it("orders pre-releases before the release, numbers before words", () => {
    const order = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
    ];
    const versions = order.map((text) => parseSemVer(text)).filter((version) => version !== undefined);
    expect(versions.toReversed().sort(compareSemVer)).toEqual(versions);
  });
});
