// What makes one home recognisable from one start to the next, kept in its data folder: the authority, the server's
// certificate, the administrator's token, the keys that sign service account tokens and seal Secrets. Owner's eyes only.

import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#kernel";
import { type KeyedCertificate, makeAuthority, makeServerCertificate } from "./certificate.ts";

export type ServerIdentity = {
  authorityCertificate: string;
  server: KeyedCertificate;
  administratorToken: string;
  /** PEM, P-256: signs service account tokens. */
  signingKey: string;
  /** 32 bytes: seals Secrets in the store. */
  encryptionKey: Uint8Array;
};

const authorityName = "keelson-ca";
const dayMs = 86_400_000;
const authorityDays = 3650;
const serverDays = 365;
/** A certificate that ends sooner than this is made anew at the next start. */
const renewDays = 30;

/** Reads the identity, making what is missing or about to end. Without a folder it lives in memory alone. */
export function loadIdentity(folder: string | undefined, hosts: readonly string[], clock: Clock): ServerIdentity {
  const files = folder === undefined ? memoryFiles() : diskFiles(folder);
  const authority = loadAuthority(files, clock);
  return {
    authorityCertificate: authority.certificate,
    server: loadServer(files, authority, hosts, clock),
    administratorToken: files.load("admin.token", () => randomBytes(32).toString("base64url")),
    signingKey: files.load("service-account.key", newSigningKey),
    encryptionKey: Buffer.from(
      files.load("encryption.key", () => randomBytes(32).toString("base64")),
      "base64",
    ),
  };
}

function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

type Files = { load: (name: string, make: () => string) => string; store: (name: string, text: string) => void };

function memoryFiles(): Files {
  return { load: (_name, make) => make(), store: () => undefined };
}

function diskFiles(folder: string): Files {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = (name: string, text: string): void => {
    const path = join(folder, name);
    // A crash between the two steps leaves the old file whole.
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const load = (name: string, make: () => string): string => {
    const path = join(folder, name);
    if (existsSync(path)) return readFileSync(path, "utf8");
    const text = make();
    store(name, text);
    return text;
  };
  return { load, store };
}

function loadAuthority(files: Files, clock: Clock): KeyedCertificate {
  const make = (): string => JSON.stringify(makeAuthority(authorityName, validity(clock, authorityDays)));
  const found = JSON.parse(files.load("authority.json", make)) as KeyedCertificate;
  if (endsAfter(found.certificate, clock.now() + serverDays * dayMs)) return found;
  const text = make();
  files.store("authority.json", text);
  return JSON.parse(text) as KeyedCertificate;
}

function loadServer(
  files: Files,
  authority: KeyedCertificate,
  hosts: readonly string[],
  clock: Clock,
): KeyedCertificate {
  const make = (): string =>
    JSON.stringify(
      makeServerCertificate({ ...authority, commonName: authorityName }, hosts, validity(clock, serverDays)),
    );
  const found = JSON.parse(files.load("server.json", make)) as KeyedCertificate;
  const parsed = new X509Certificate(found.certificate);
  const issuer = new X509Certificate(authority.certificate);
  const isGood =
    endsAfter(found.certificate, clock.now() + renewDays * dayMs) &&
    parsed.verify(issuer.publicKey) &&
    hosts.every((host) => parsed.checkHost(host) !== undefined || parsed.checkIP(host) !== undefined);
  if (isGood) return found;
  const text = make();
  files.store("server.json", text);
  return JSON.parse(text) as KeyedCertificate;
}

/** From a little in the past, for clients whose clock is behind. */
function validity(clock: Clock, days: number): { fromMs: number; toMs: number } {
  return { fromMs: clock.now() - dayMs, toMs: clock.now() + days * dayMs };
}

function endsAfter(certificate: string, ms: number): boolean {
  return Date.parse(new X509Certificate(certificate).validTo) > ms;
}
