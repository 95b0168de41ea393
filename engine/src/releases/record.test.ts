import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Release } from "./contract.ts";
import { decodeRelease, encodeRelease, recordName } from "./record.ts";

const release: Release = {
  name: "web",
  namespace: "shop",
  version: 3,
  info: {
    status: "deployed",
    first_deployed: "2026-01-01T00:00:00.5Z",
    description: "Upgrade complete",
    notes: "é <x>",
  },
  chart: {
    metadata: { name: "demo", version: "1.0.0" },
    lock: null,
    templates: null,
    values: {},
    schema: null,
    files: null,
  },
  config: { big: 12345678901234567890n, text: "a" },
  manifest: "---\n# Source: demo/templates/a.yaml\nkind: ConfigMap\n",
  hooks: [{ name: "h", kind: "Job", path: "p", manifest: "m", events: ["test"], last_run: { phase: "" } }],
  apply_method: "ssa",
  labels: { team: "red" },
};

describe("a release's record", () => {
  it("is read as it was written, its labels apart", () => {
    const text = encodeRelease(release);
    expect(gunzipSync(Buffer.from(text, "base64")).toString()).not.toContain("red");
    expect(
      decodeRelease(text, { team: "red", owner: "helm", status: "deployed", version: "3", modifiedAt: "1" }),
    ).toEqual(release);
  });

  it("keeps members that are not known here", () => {
    const text = encodeRelease({ ...release, later: { a: 1 } } as Release);
    expect(decodeRelease(text, {})).toMatchObject({ later: { a: 1 } });
  });

  it("is read without gzip too, and with empty texts for times", () => {
    const plain = { name: "old", version: 1, info: { status: "failed", deleted: "", last_deployed: "" }, chart: {} };
    const text = Buffer.from(JSON.stringify(plain)).toString("base64");
    expect(decodeRelease(text, {})).toMatchObject({ name: "old", info: { status: "failed" } });
    expect(decodeRelease(text, {})?.info).not.toHaveProperty("deleted");
  });

  it("is no record when it is something else", () => {
    for (const text of [
      "",
      "%%%",
      Buffer.from("[]").toString("base64"),
      Buffer.from([31, 139, 8, 0]).toString("base64"),
    ])
      expect(decodeRelease(text, {})).toBeUndefined();
  });

  it("is named for its release and revision", () => {
    expect(recordName("web", 3)).toBe("sh.helm.release.v1.web.v3");
  });
});
