import { readFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { HttpClient } from "../http/index.ts";
import { type Trust, verifyCosign } from "./cosign.ts";
import { Keychain } from "./keychain.ts";
import { parsePublicKey } from "./keyed-signatures.ts";
import { byDigest, parseRepository } from "./reference.ts";
import { TestRegistry } from "./registry.contract.ts";
import { Registry } from "./registry.ts";
import { parseTrustRoot } from "./trust-root.ts";

type Recorded = {
  name: string;
  digest: string;
  publicKey?: string;
  other?: string;
  trustedRoot?: string;
  /** What the real cosign says of it. */
  isGood: boolean;
  repository: { manifests: Record<string, { type: string; text: string }>; blobs: Record<string, string> };
};

const { cases } = JSON.parse(readFileSync(new URL("testdata/cosign/recorded.json", import.meta.url), "utf8")) as {
  cases: Recorded[];
};
const client = new HttpClient({ clock: realClock, random: () => 0 });
const registries: TestRegistry[] = [];
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});
afterAll(() => client.close());

function find(name: string): Recorded {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`nothing recorded as ${name}`);
  return found;
}

async function serve(recorded: Recorded, isLeftOut: (name: string) => boolean = () => false): Promise<TestRegistry> {
  const registry = await TestRegistry.start();
  registries.push(registry);
  for (const [name, { type, text }] of Object.entries(recorded.repository.manifests))
    if (!isLeftOut(name)) registry.manifests.set(`app:${name}`, { type, bytes: Buffer.from(text) });
  for (const [digest, base64] of Object.entries(recorded.repository.blobs))
    registry.blobs.set(digest, Buffer.from(base64, "base64"));
  return registry;
}

/** undefined: signed as wished. */
async function refusalOf(server: TestRegistry, digest: string, trust: Trust): Promise<string | undefined> {
  const registry = new Registry({ client, clock: realClock });
  const signed = byDigest(parseRepository(`oci://${server.host}/app`), digest);
  const call = { access: {}, keychain: new Keychain(), signal: new AbortController().signal, timeoutMs: 30_000 };
  return verifyCosign(registry, { signed, trust }, call).then(
    () => undefined,
    (thrown: { code: string; cause?: Error }) => `${thrown.code} ${thrown.cause?.message ?? ""}`.trim(),
  );
}

function byKeys(...pems: (string | undefined)[]): Trust {
  return { is: "keys", keys: pems.map((pem) => parsePublicKey(pem ?? "", "Secret/a/b cosign.pub")) };
}

const anyone = { issuer: "^https://issuer\\.example\\.com$", subject: "^https://example\\.com/.*@refs/heads/main$" };

function byIdentity(root: string | undefined, ...identities: { issuer: string; subject: string }[]): Trust {
  return { is: "identities", root: parseTrustRoot(root ?? "", "Secret/a/b"), identities };
}

describe("signatures by a key", () => {
  const keyed = cases.filter((each) => each.publicKey !== undefined);
  it.each(keyed.map((each) => [each.name, each.isGood ? "good" : "refused", each] as const))(
    "%s is %s, as cosign finds it",
    async (_, __, recorded) => {
      const server = await serve(recorded);
      const refusal = await refusalOf(server, recorded.digest, byKeys(recorded.publicKey));
      expect(refusal === undefined).toBe(recorded.isGood);
      expect(await refusalOf(server, recorded.digest, byKeys(recorded.other))).toMatch(/^oci-signature-invalid/);
      if (recorded.isGood)
        expect(await refusalOf(server, recorded.digest, byKeys(recorded.other, recorded.publicKey))).toBeUndefined();
    },
  );

  it("of another artifact do not count, however they are placed", async () => {
    for (const form of ["bundle", "legacy"]) {
      const recorded = find(`ecdsa-p256-${form}`);
      const server = await serve(recorded);
      const pushed = server.put("app", "other", { layers: [] });
      const tag = recorded.digest.replace(":", "-") + (form === "legacy" ? ".sig" : "");
      const moved = server.manifests.get(`app:${tag}`);
      const place = pushed.digest.replace(":", "-") + (form === "legacy" ? ".sig" : "");
      if (moved !== undefined) server.manifests.set(`app:${place}`, moved);
      expect(await refusalOf(server, pushed.digest, byKeys(recorded.publicKey))).toBe(
        "oci-signature-invalid none is by a key in the Secret",
      );
    }
  });

  it("that are not there are missed", async () => {
    const recorded = find("ecdsa-p256-legacy");
    const server = await serve(recorded, (name) => name.endsWith(".sig"));
    expect(await refusalOf(server, recorded.digest, byKeys(recorded.publicKey))).toBe("oci-signature-absent");
  });

  it("are found by the referrers API as well", async () => {
    const recorded = find("ecdsa-p256-bundle");
    const server = await serve(recorded, (name) => name === recorded.digest.replace(":", "-"));
    server.behaviour.hasReferrers = true;
    expect(await refusalOf(server, recorded.digest, byKeys(recorded.publicKey))).toBeUndefined();
  });

  it("that were changed are refused", async () => {
    const recorded = find("ecdsa-p256-bundle");
    const server = await serve(recorded);
    for (const [digest, bytes] of server.blobs) {
      const text = bytes
        .toString("utf8")
        .replace(/"sig":"(.)/, (_, first: string) => `"sig":"${first === "M" ? "N" : "M"}`);
      server.blobs.set(digest, Buffer.from(text));
    }
    expect(await refusalOf(server, recorded.digest, byKeys(recorded.publicKey))).toMatch(/^oci-digest-mismatch/);
  });

  it.each(["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "secret"])(
    "by %j cannot be checked",
    (pem) => {
      expect(() => parsePublicKey(pem, "here")).toThrow("no public key");
    },
  );
});

describe("signatures by an identity", () => {
  const keyless = cases.filter((each) => each.trustedRoot !== undefined);
  it.each(keyless.map((each) => [each.name, each.isGood ? "good" : "refused", each] as const))(
    "%s is %s, as cosign finds it",
    async (_, __, recorded) => {
      const server = await serve(recorded);
      const refusal = await refusalOf(server, recorded.digest, byIdentity(recorded.trustedRoot, anyone));
      expect(refusal === undefined).toBe(recorded.isGood);
    },
  );

  it.each(["bundle", "legacy"])(
    "in the form %s count for a matching identity of a trusted root alone",
    async (form) => {
      const recorded = find(`identity-${form}`);
      const server = await serve(recorded);
      const refuse = (...identities: { issuer: string; subject: string }[]): Promise<string | undefined> =>
        refusalOf(server, recorded.digest, byIdentity(recorded.trustedRoot, ...identities));
      expect(await refuse({ ...anyone, subject: "^https://example.org/" })).toContain("matches no identity");
      expect(await refuse({ ...anyone, issuer: "^issuer" })).toContain("matches no identity");
      expect(await refuse({ ...anyone, issuer: "other" }, anyone)).toBeUndefined();
      expect(await refuse()).toBeUndefined();
      const other = find(form === "bundle" ? "identity-legacy" : "identity-bundle").trustedRoot;
      expect(await refusalOf(server, recorded.digest, byIdentity(other, anyone))).toMatch(/^oci-signature-invalid/);
      expect(await refuse({ ...anyone, issuer: "(" })).toMatch(/^oci-trust-invalid/);
    },
  );

  it("that a key has made do not count", async () => {
    const recorded = find("ecdsa-p256-legacy");
    const server = await serve(recorded);
    const trust = byIdentity(find("identity-legacy").trustedRoot, anyone);
    expect(await refusalOf(server, recorded.digest, trust)).toContain("it has no certificate");
  });

  it.each(["", "{}", "[]", "secret"])("a trust root %j is refused", (text) => {
    expect(() => parseTrustRoot(text, "here")).toThrow("names no certificate authority");
  });
});
