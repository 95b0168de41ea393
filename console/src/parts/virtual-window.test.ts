import { describe, expect, it } from "vitest";
import { spanInView } from "./virtual-window.ts";

describe("a long list", () => {
  const cases: [string, number, number, number, [number, number]][] = [
    ["draws its beginning", 5_000, 0, 800, [0, 32]],
    ["draws what is in view", 5_000, 40_000, 40_800, [988, 1_032]],
    ["draws its end", 5_000, 199_200, 200_000, [4_968, 5_000]],
    ["draws nothing when it is empty", 0, 0, 800, [0, 0]],
    ["draws all of a short one", 3, -500, 800, [0, 3]],
    ["draws nothing when it is far out of view", 100, 90_000, 90_800, [100, 100]],
  ];
  for (const [name, count, top, bottom, [first, end]] of cases)
    it(name, () => expect(spanInView({ count, rowHeight: 40, top, bottom })).toEqual({ first, end }));
});
