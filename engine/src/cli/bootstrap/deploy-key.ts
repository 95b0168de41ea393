// A key pair for one repository, in the forms that ssh reads and servers ask for, and the host keys of its server.

import { execFile } from "node:child_process";
import { generateKeyPairSync, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { Fault } from "#kernel";
import type { CliCode } from "../faults.ts";
import { hostKeysMs } from "../limits.ts";

export type KeyAlgorithm = "ecdsa" | "rsa";

/** PEM (PKCS#8), and one line for the server's list of allowed keys. */
export type DeployKey = { identity: string; publicKey: string };

/** A new pair: ECDSA over P-384, or RSA of 3072 bits for servers that know nothing newer. */
export function makeDeployKey(algorithm: KeyAlgorithm): DeployKey {
  const pair =
    algorithm === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 3072 })
      : generateKeyPairSync("ec", { namedCurve: "P-384" });
  const identity = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { identity, publicKey: authorizedLine(pair.publicKey) };
}

/** The public half of a private key in PEM, or undefined for the forms that Node does not read (OpenSSH's own). */
export function publicHalf(identity: string, passphrase: string | undefined): string | undefined {
  try {
    const key = createPrivateKey({ key: identity, ...(passphrase === undefined ? {} : { passphrase }) });
    return authorizedLine(createPublicKey(key));
  } catch {
    return undefined;
  }
}

/** One line of `authorized_keys`; RFC 4253 section 6.6 and RFC 5656 section 3.1. */
function authorizedLine(key: KeyObject): string {
  const jwk = key.export({ format: "jwk" });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64url");
  if (jwk.kty === "RSA")
    return line("ssh-rsa", [Buffer.from("ssh-rsa"), positive(bytes(jwk.e)), positive(bytes(jwk.n))]);
  if (jwk.kty === "OKP") return line("ssh-ed25519", [Buffer.from("ssh-ed25519"), bytes(jwk.x)]);
  const curve = `nistp${(jwk.crv ?? "").replace("P-", "")}`;
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  const type = `ecdsa-sha2-${curve}`;
  return line(type, [Buffer.from(type), Buffer.from(curve), point]);
}

function line(type: string, fields: readonly Buffer[]): string {
  const parts = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${type} ${Buffer.concat(parts).toString("base64")}`;
}

/** An mpint must not look negative. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

/** What the server shows as its host keys now, as lines of `known_hosts`. Whoever runs this trusts it this one time. */
export async function scanHostKeys(host: string, port: number): Promise<string> {
  const words = ["-p", String(port), "-T", String(hostKeysMs / 1000), host];
  const scanned = await promisify(execFile)("ssh-keyscan", words).catch((cause: unknown) => {
    throw unscanned(host, cause);
  });
  const lines = scanned.stdout.split("\n").filter((each) => each !== "" && !each.startsWith("#"));
  if (lines.length === 0) throw unscanned(host, undefined);
  return `${lines.sort().join("\n")}\n`;
}

function unscanned(host: string, cause: unknown): Fault<CliCode> {
  return new Fault<CliCode>({
    code: "not-reachable",
    disposition: "retry",
    at: host,
    message: "the SSH server shows no host keys",
    hint: "check the address; ssh-keyscan comes with OpenSSH; or give them with --known-hosts-file",
    ...(cause === undefined ? {} : { cause }),
  });
}
