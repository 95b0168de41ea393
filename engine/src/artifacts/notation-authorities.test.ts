// Artifacts signed with notation whose certificates must be asked about: by their authority's answers and lists, and by what an
// authority for timestamps says of when they were signed. Judged by ours, and where it is there by Flux's own controller.

import { X509Certificate } from "node:crypto";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../sources/git/repository.contract.ts";
import { type Answering, type Issued, Responder, TestAuthority } from "../sources/notation/authority.contract.ts";
import { type Signer, signWithNotation, trustPolicyOf } from "../sources/notation/signing.contract.ts";
import { layerOf, TestRegistry } from "../sources/oci/registry.contract.ts";
import { hasFluxSource, Pair } from "./flux-source.contract.ts";
import { condition, World } from "./world.contract.ts";

const root = temporaryFolder("authorities");
const code = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=codeSigning", "basicConstraints=CA:FALSE"];
const answering = ["keyUsage=digitalSignature", "extendedKeyUsage=OCSPSigning"];
const stamping = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=critical,timeStamping"];
const forLong: Answering = { days: 1 };

type Case = {
  signer: Signer;
  policy: string;
  trusted: readonly string[];
  isVerified: boolean;
  /** What Flux's controller finds, where that is another thing, and why. */
  theirs?: { isVerified: boolean; why: string };
};

describe("signatures whose certificates are asked about", () => {
  const authority = new TestAuthority(root, "authority");
  const stranger = new TestAuthority(root, "stranger");
  const responders: Responder[] = [];
  const cases = new Map<string, Case>();
  let registry: TestRegistry;
  let world: World | undefined;
  let pair: Pair | undefined;

  async function respond(
    answer: Responder["answer"] = (request) => authority.answer(request, forLong),
    list?: Responder["list"],
  ): Promise<Responder> {
    const responder = await Responder.start();
    responder.answer = answer;
    responder.list = list;
    responders.push(responder);
    return responder;
  }

  const asks = ({ url }: Responder): string => `authorityInfoAccess=OCSP;URI:${url}`;
  const lists = ({ url }: Responder): string => `crlDistributionPoints=URI:${url}/list.crl`;
  const signerOf = ({ key, certificate }: Issued, more: Partial<Signer> = {}): Signer => ({
    key,
    certificate,
    issuers: [authority.root.certificate],
    ...more,
  });

  function add(name: string, issued: Issued, isVerified: boolean, theirs?: Case["theirs"]): void {
    const trusted = [authority.root.certificate];
    const one = { signer: signerOf(issued), policy: trustPolicyOf(), trusted, isVerified };
    cases.set(name, theirs === undefined ? one : { ...one, theirs });
  }

  async function addAnswers(): Promise<void> {
    const good = await respond();
    add("good", authority.issue("good", [...code, asks(good)]), true);
    const revoked = authority.issue("revoked", [...code, asks(good)]);
    authority.revoke(revoked);
    add("revoked", revoked, false);
    const elsewhere = new TestAuthority(root, "elsewhere");
    const unknown = await respond((request) => elsewhere.answer(request, { ...forLong, signer: authority.root }));
    add("unknown", authority.issue("unknown", [...code, asks(unknown)]), false);
    const silent = await respond(() => undefined);
    add("silent", authority.issue("silent", [...code, asks(silent)]), false);
    const outdated = await respond((request) => authority.answer(request));
    add("outdated", authority.issue("outdated", [...code, asks(outdated)]), false);
    const refusing = await respond(() => Buffer.from("30030a0106", "hex"));
    add("refusing", authority.issue("refusing", [...code, asks(refusing)]), false);
    const noise = await respond(() => Buffer.from("no answer"));
    add("noise", authority.issue("noise", [...code, asks(noise)]), false);
    const lying = await respond((request) => authority.answer(request, { ...forLong, signer: stranger.root }));
    add("lying", authority.issue("lying", [...code, asks(lying)]), false);
    const delegate = authority.issue("delegate", answering);
    const delegated = await respond((request) => authority.answer(request, { ...forLong, signer: delegate }));
    add("delegated", authority.issue("delegated", [...code, asks(delegated)]), true);
    const anybody = authority.issue("anybody", code);
    const usurped = await respond((request) => authority.answer(request, { ...forLong, signer: anybody }));
    const why = "whoever has any certificate of the authority may answer in its place there";
    add("usurped", authority.issue("usurped", [...code, asks(usurped)]), false, { isVerified: true, why });
    const fallback = await respond(
      () => undefined,
      () => authority.list(),
    );
    add("listed-good", authority.issue("listed-good", [...code, asks(fallback), lists(fallback)]), true);
    const listed = authority.issue("listed-revoked", [...code, asks(fallback), lists(fallback)]);
    authority.revoke(listed);
    add("listed-revoked", listed, false);
  }

  function addStamps(): void {
    const stamps = ["ca:keelson", "tsa:keelson"];
    const tsa = authority.issue("tsa", stamping);
    const own = authority.issue("stamped", code);
    const stampedBy = (issued: Issued, more: Partial<Signer>, given: Partial<Case> = {}): Case => ({
      signer: signerOf(issued, more),
      policy: trustPolicyOf("strict", stamps),
      trusted: [authority.root.certificate],
      isVerified: true,
      ...given,
    });
    const timestamp = (signature: Buffer): Buffer => authority.stamp(tsa, signature);
    cases.set("stamped", stampedBy(own, { timestamp }));
    cases.set("unstamped", stampedBy(own, {}, { isVerified: false }));
    const never = { policy: trustPolicyOf("strict", stamps, { verifyTimestamp: "afterCertExpiry" }) };
    cases.set("unstamped-unexpired", stampedBy(own, {}, never));
    const other = (): Buffer => authority.stamp(tsa, Buffer.from("another signature"));
    cases.set("stamped-other", stampedBy(own, { timestamp: other }, { isVerified: false }));
    const foreign = stranger.issue("tsa", stamping);
    const byStranger = (signature: Buffer): Buffer => stranger.stamp(foreign, signature);
    cases.set("stamped-by-stranger", stampedBy(own, { timestamp: byStranger }, { isVerified: false }));
    const both = [authority.root.certificate, stranger.root.certificate];
    cases.set("stamped-by-another", stampedBy(own, { timestamp: byStranger }, { trusted: both }));
    const damaged = (signature: Buffer): Buffer => {
      const token = timestamp(signature);
      token[token.length - 5] = (token[token.length - 5] ?? 0) ^ 1;
      return token;
    };
    cases.set("stamped-damaged", stampedBy(own, { timestamp: damaged }, { isVerified: false }));
    cases.set("stamped-noise", stampedBy(own, { timestamp: () => Buffer.from("noise") }, { isVerified: false }));
  }

  /** Timestamps are right to a second, and count from a second before: certificates have to be older. */
  const age = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_100));

  /** One whose certificate ends while the test runs: what was stamped before counts after it. */
  async function addExpired(): Promise<void> {
    const policy = trustPolicyOf("strict", ["ca:keelson", "tsa:keelson"], { verifyTimestamp: "afterCertExpiry" });
    const tsa = authority.issue("second-tsa", stamping);
    const timestamp = (signature: Buffer): Buffer => authority.stamp(tsa, signature);
    const fading = authority.issue("fading", code, 30);
    await age();
    const put = (name: string, more: Partial<Signer>, isVerified: boolean): void => {
      const trusted = [authority.root.certificate];
      cases.set(name, { signer: signerOf(fading, more), policy, trusted, isVerified });
      sign(name);
    };
    put("stamped-in-time", { timestamp }, true);
    const endMs = Date.parse(new X509Certificate(fading.certificate).validTo);
    while (Date.now() <= endMs + 2000) await new Promise((resolve) => setTimeout(resolve, 200));
    put("stamped-late", { timestamp }, false);
    put("unstamped-expired", {}, false);
  }

  function sign(name: string): void {
    const { signer } = cases.get(name) ?? {};
    if (signer === undefined) return;
    const pushed = registry.put(name, "1.0.0", { layers: [layerOf({ "a.yaml": name })] });
    signWithNotation(registry, name, pushed, signer);
  }

  beforeAll(async () => {
    await addAnswers();
    addStamps();
    await age();
    registry = await TestRegistry.start({ hasReferrers: true });
    for (const name of cases.keys()) sign(name);
    // It takes half a minute: with the other large suites alone.
    if (hasFluxSource) await addExpired();
    if (hasFluxSource) pair = await Pair.start();
    else world = await World.start();
  }, 180_000);
  afterAll(async () => {
    await pair?.close();
    await world?.close();
    await registry?.close();
    for (const responder of responders) responder.close();
    rmSync(root, { recursive: true, force: true });
  });

  it("are taken or refused as their authorities say", async () => {
    for (const [name, { policy, trusted }] of cases) {
      const certificates = Object.fromEntries(trusted.map((text, i) => [`root-${i}.crt`, text]));
      await (pair ?? world)?.secret(name, { "trustpolicy.json": policy, ...certificates });
      const verify = { provider: "notation", secretRef: { name } };
      const place = { url: `oci://${registry.host}/${name}`, ref: { tag: "1.0.0" }, insecure: true };
      await (pair ?? world)?.source("OCIRepository", name, { interval: "1h", ...place, verify });
    }
    const found: Record<string, string> = {};
    const ours = pair?.ours ?? world;
    for (const [name] of cases) {
      const object = await ours?.until("OCIRepository", name, (each) => {
        const ready = condition(each, "Ready")?.status;
        return ready === "True" || ready === "False";
      });
      const { status = "", message = "" } = (object && condition(object, "SourceVerified")) ?? {};
      found[name] = status === "True" ? "verified" : `refused: ${message}`;
    }
    for (const [name, { isVerified }] of cases)
      expect([name, found[name]]).toEqual([
        name,
        expect.stringMatching(isVerified ? /^verified$/ : /^refused: failed/),
      ]);
    const words = (name: string): string => found[name] ?? "";
    expect(words("revoked")).toContain("is revoked");
    expect(words("listed-revoked")).toContain("is revoked");
    for (const name of ["unknown", "silent", "outdated", "refusing", "noise", "lying", "usurped"])
      expect(words(name)).toContain("revocation status is unknown");
    expect(words("unstamped")).toContain("no timestamp countersignature was found");
    for (const name of ["stamped-other", "stamped-by-stranger", "stamped-damaged", "stamped-noise"])
      expect(words(name)).toContain("failed to verify the timestamp countersignature");
    expect(responders.some(({ asked }) => asked.some((each) => each.startsWith("GET /M")))).toBe(true);
  }, 120_000);

  it.skipIf(!hasFluxSource)(
    "and so by Flux's own controller",
    async () => {
      const end = performance.now() + 120_000;
      for (const [name, { isVerified, theirs }] of cases)
        for (;;) {
          const [, status] = (await pair?.statuses("OCIRepository", name)) ?? [];
          const of = (type: string) => status?.conditions?.find((each) => each.type === type)?.status;
          const isSame = (of("SourceVerified") === "True") === (theirs?.isVerified ?? isVerified);
          if (isSame && ["True", "False"].includes(of("Ready") ?? "")) break;
          if (performance.now() > end) throw new Error(`${name}: ${JSON.stringify(status)}`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
    },
    180_000,
  );
});
