import { describe, expect, it } from "vitest";
import { Bug, Fault, ManualClock } from "#kernel";
import { exitCodeOf, reportFailure } from "./exit.ts";
import { memoryIo } from "./io.ts";

function fault(code: string, cause?: unknown): Fault {
  return new Fault({ code, disposition: "stall", message: code, hint: `mend ${code}`, cause });
}

describe("an exit code", () => {
  const cases: [string, unknown, number][] = [
    ["is 2 for wrong use", fault("usage"), 2],
    ["is 3 for what cannot be reached", fault("not-reachable"), 3],
    ["is 3 for what is not permitted", fault("not-permitted"), 3],
    ["is 3 without a kubeconfig", fault("kubeconfig-missing"), 3],
    ["is 4 for what did not come in time", fault("timed-out"), 4],
    ["is 1 for every other fault", fault("render-failed"), 1],
    ["is that of a cause when the outer fault is a plain failure", fault("failed", fault("not-reachable")), 3],
    ["is 1 for bugs", new Bug("oops"), 1],
    ["is 1 for what is no error at all", "oops", 1],
  ];
  for (const [name, thrown, code] of cases) it(name, () => expect(exitCodeOf(thrown)).toBe(code));
});

describe("a failure", () => {
  it("is told as its chain, with the hint of each link", () => {
    const io = memoryIo({ clock: new ManualClock() });
    reportFailure(io, fault("outer", fault("inner")));
    expect(io.text().stderr).toBe("keelson: outer: inner\nhint: mend outer\nhint: mend inner\n");
  });

  it("that is a bug comes with its stack", () => {
    const io = memoryIo({ clock: new ManualClock() });
    reportFailure(io, new Bug("oops"));
    expect(io.text().stderr).toMatch(/^keelson: Bug: oops\n {4}at /);
  });
});
