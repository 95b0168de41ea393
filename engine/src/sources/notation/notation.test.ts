import { readFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { HttpClient } from "../http/index.ts";
import { TestRegistry } from "../oci/registry.contract.ts";
import { byDigest, Keychain, parseRepository, Registry } from "../oci/index.ts";
import { cborHead, decodeCbor } from "./cbor.ts";
import { parseTrustPolicy } from "./trust-policy.ts";
import { type NotationTrust, parseCertificates, verifyNotation } from "./verify.ts";

type Recorded = {
  name: string;
  digest: string;
  policy: object;
  certificates: Record<string, string>;
  /** What Notary Project's own verifier says. */
  verdict: string;
  manifests: Record<string, string>;
  blobs: Record<string, string>;
};

const recording = new URL("testdata/notation/recorded.json", import.meta.url);
const { cases, revocationList, listAt } = JSON.parse(readFileSync(recording, "utf8")) as {
  cases: Recorded[];
  revocationList: string;
  listAt: string;
};
const client = new HttpClient({ clock: realClock, random: () => 0 });
const registries: TestRegistry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});
afterAll(() => client.close());

const manifestType = "application/vnd.oci.image.manifest.v1+json";

async function serve({
  digest,
  manifests,
  blobs,
}: Pick<Recorded, "digest" | "manifests" | "blobs">): Promise<TestRegistry> {
  const registry = await TestRegistry.start({ hasReferrers: true });
  registries.push(registry);
  for (const [name, text] of Object.entries(manifests))
    registry.manifests.set(`app:${name === "1.0.0" ? digest : name}`, { type: manifestType, bytes: Buffer.from(text) });
  for (const [name, base64] of Object.entries(blobs)) registry.blobs.set(name, Buffer.from(base64, "base64"));
  return registry;
}

function trustOf(recorded: Recorded, host: string): NotationTrust {
  const policy = JSON.stringify(recorded.policy).replaceAll("registry.example.com", host);
  const certificates = Object.entries(recorded.certificates).flatMap(([name, pem]) => parseCertificates(pem, name));
  return { policy: parseTrustPolicy(policy, "Secret/a/b"), certificates };
}

/** "verified", "ignored", or the fault's code and cause. */
async function verdictOf(registry: TestRegistry, recorded: Recorded): Promise<string> {
  try {
    const tools = { registry: new Registry({ client, clock: realClock }), http: client, clock: realClock };
    const signed = byDigest(parseRepository(`oci://${registry.host}/app`), recorded.digest);
    // The registry stands for the server with the list of revoked certificates as well.
    const access = { proxy: registry.url };
    const call = { access, keychain: new Keychain(), signal: new AbortController().signal, timeoutMs: 30_000 };
    return await verifyNotation(tools, { signed, trust: trustOf(recorded, registry.host) }, call);
  } catch (thrown) {
    const { code, cause } = thrown as { code: string; cause?: Error };
    return `${code} ${cause?.message ?? ""}`.trim();
  }
}

function find(name: string): Recorded {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`nothing recorded as ${name}`);
  return found;
}

function servesList(registry: TestRegistry): void {
  registry.behaviour.intercept = (request, response) => {
    if (request.url !== listAt) return false;
    response.end(Buffer.from(revocationList, "base64"));
    return true;
  };
}

describe("an artifact signed with notation", () => {
  it.each(cases.map((each) => [each.name, each] as const))(
    "%s is judged as by notation itself",
    async (_, recorded) => {
      const registry = await serve(recorded);
      servesList(registry);
      const verdict = await verdictOf(registry, recorded);
      const isGood = recorded.verdict === "verified" || recorded.verdict === "ignored";
      if (isGood) expect(verdict).toBe(recorded.verdict);
      else expect(verdict).toMatch(/^notation-(policy|signature)-invalid/);
    },
  );

  it("is refused where a list of revoked certificates cannot be had, unless that is only logged", async () => {
    const strict = find("listed-strict");
    expect(await verdictOf(await serve(strict), strict)).toContain("revocation status is unknown");
    const permissive = find("listed-permissive");
    expect(await verdictOf(await serve(permissive), permissive)).toBe("verified");
  });

  it("that nobody has signed is refused, and so is one whose signature was changed", async () => {
    const good = find("ec-256-jws");
    const { "1.0.0": own = "" } = good.manifests;
    expect(await verdictOf(await serve({ ...good, manifests: { "1.0.0": own } }), good)).toBe(
      "notation-signature-absent",
    );
    for (const name of ["ec-256-jws", "ec-256-cose"]) {
      const recorded = find(name);
      const registry = await serve(recorded);
      for (const [digest, bytes] of registry.blobs) {
        const changed = Buffer.from(bytes);
        changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
        if (bytes.length > 500) registry.blobs.set(digest, changed);
      }
      expect(await verdictOf(registry, recorded)).not.toBe("verified");
    }
  });
});

describe("CBOR", () => {
  it.each<[string, unknown]>([
    ["00", 0],
    ["1818", 24],
    ["190100", 256],
    ["20", -1],
    ["4101", Buffer.from([1])],
    ["6161", "a"],
    ["8101", [1]],
    ["a10102", new Map([[1, 2]])],
    ["f5", true],
    ["fb3ff8000000000000", 1.5],
  ])("%s is read", (hex, value) => {
    expect(decodeCbor(Buffer.from(hex, "hex"))).toEqual(value);
  });

  it.each(["", "18", "5fff", "a201020103", "0000", "81".repeat(40), "a1f401", "1bffffffffffffffff", "9a7fffffff"])(
    "%j is refused",
    (hex) => {
      expect(() => decodeCbor(Buffer.from(hex, "hex"))).toThrow("CBOR");
    },
  );

  it("heads are as short as they can be", () => {
    expect([3, 24, 300, 70_000].map((length) => cborHead(2, length).toString("hex"))).toEqual([
      "43",
      "5818",
      "59012c",
      "5a00011170",
    ]);
  });
});
