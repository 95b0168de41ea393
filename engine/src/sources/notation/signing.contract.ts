// Signs artifacts of tests as notation does: a JWS envelope in a manifest that names its subject.
// https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md

import { execFileSync } from "node:child_process";
import { createSign, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { manifestOf, type PushedDescriptor, sha256, type TestRegistry } from "../oci/registry.contract.ts";

export type Signer = {
  key: string;
  certificate: string;
  /** Whom the certificate is issued by, up to the root. */
  issuers?: readonly string[];
  /** An authority's word for when a signature was made. */
  timestamp?: (signature: Buffer) => Buffer;
};

/** A key and a certificate for code signing that vouches for itself. */
export function makeSigner(folder: string): Signer {
  const [cert, key, config] = [`${folder}/signer.crt`, `${folder}/signer.key`, `${folder}/signer.cnf`];
  const lines = [
    "[req]",
    "distinguished_name=name",
    "x509_extensions=own",
    "prompt=no",
    "[name]",
    "C=US",
    "ST=WA",
    "O=Keelson",
    "CN=signer",
    "[own]",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=codeSigning",
    "basicConstraints=critical,CA:FALSE",
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const args = ["req", "-x509", ...curve, "-nodes", "-days", "2", "-config", config, "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), certificate: readFileSync(cert, "utf8") };
}

/** Puts a signature of what the descriptor says beside it in its repository. */
export function signWithNotation(
  registry: TestRegistry,
  repository: string,
  { mediaType, digest, size }: PushedDescriptor,
  signer: Signer,
): void {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const certificate = new X509Certificate(signer.certificate);
  const scheme = "io.cncf.notary.signingScheme";
  const payload = encode({ targetArtifact: { mediaType, digest, size } });
  const head = encode({
    alg: "ES256",
    cty: "application/vnd.cncf.notary.payload.v1+json",
    crit: [scheme],
    [scheme]: "notary.x509",
    "io.cncf.notary.signingTime": new Date().toISOString().replace(/\.\d+/, ""),
  });
  const signature = createSign("SHA256")
    .update(`${head}.${payload}`)
    .sign({ key: signer.key, dsaEncoding: "ieee-p1363" }, "base64url");
  const { issuers = [], timestamp } = signer;
  const chain = [signer.certificate, ...issuers].map((each) => new X509Certificate(each).raw.toString("base64"));
  const stamp = timestamp?.(Buffer.from(signature, "base64url")).toString("base64");
  const header = {
    x5c: chain,
    "io.cncf.notary.signingAgent": "keelson-test",
    ...(stamp === undefined ? {} : { "io.cncf.notary.timestampSignature": stamp }),
  };
  const artifactType = "application/vnd.cncf.notary.signature";
  const bytes = Buffer.from(JSON.stringify({ payload, protected: head, header, signature }));
  const thumbprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  const push = {
    layers: [{ mediaType: "application/jose+json", bytes }],
    config: { mediaType: artifactType, bytes: Buffer.from("{}") },
    artifactType,
    subject: { mediaType, digest, size },
    annotations: { "io.cncf.notary.x509chain.thumbprint#S256": JSON.stringify([thumbprint]) },
  };
  registry.put(repository, sha256(manifestOf(push).bytes), push);
}

/** A trust policy for every repository. */
export function trustPolicyOf(level = "strict", stores: readonly string[] = ["ca:keelson"], verification = {}): string {
  const policy = {
    name: "all",
    registryScopes: ["*"],
    signatureVerification: { level, ...verification },
    trustStores: stores,
    trustedIdentities: ["*"],
  };
  return JSON.stringify({ version: "1.0", trustPolicies: [policy] });
}
