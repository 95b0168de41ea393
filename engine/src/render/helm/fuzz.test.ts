// A fixed sample of what `npm run proof -- helm-fuzz`, `helm-values`, `helm-whole` and `helm-schemas` run at length; needs the engine built and the oracles.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const oracles = process.env["KEELSON_ORACLES"] ?? "/nowhere";
const isAtHand =
  ["helm-batch", "helm-answer"].every((name) => existsSync(join(oracles, name))) &&
  existsSync(join(root, "engine/dist/render/helm/index.js"));

describe.skipIf(!isAtHand)("random charts beside helm", () => {
  it.each([
    ["templates", "bench/helm/fuzz.mjs", ["400", "7001"]],
    ["values", "bench/helm/values.mjs", ["200", "7001"]],
    ["whole charts", "bench/helm/whole-charts.mjs", ["200", "7001"]],
    ["schemas", "bench/helm/schemas.mjs", ["400", "7001"]],
  ])("%s render alike", { timeout: 300_000 }, async (_name, program, args) => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: root });
    const totals = JSON.parse(stdout.split("\n").find((line) => /^\{"(?:equal|fits)"/.test(line)) ?? "{}") as object;
    expect(totals).toMatchObject({ different: 0, crashed: 0 });
  });
});
