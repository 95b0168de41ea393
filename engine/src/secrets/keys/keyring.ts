// The keys that a delivery may decrypt with: those of its Secret, by the names Flux gives them, and beside them the clouds'
// identities. Unwrapped data keys are remembered for a while, so that an unchanged file costs no request.

import { createHmac, randomBytes } from "node:crypto";
import {
  type AccountTokens,
  awsIdentity,
  type AzureIdentity,
  azureIdentity,
  cloudPlatform,
  type CloudServices,
  type CloudToken,
  googleFileIdentity,
  type GoogleIdentity,
  googleIdentity,
} from "#clouds";
import { decodeUtf8 } from "#kernel";
import type { PrivateKey } from "openpgp";
import { SecretsFault } from "../faults.ts";
import { dataKeyLifeMs, dataKeysKept, expirySkewMs } from "../limits.ts";
import type { MasterKey, Unwrap } from "../sops/index.ts";
import { parseAgeIdentities, unwrapWithAge } from "./age.ts";
import { type AwsIdentity, awsIdentityOf, unwrapWithAws } from "./aws.ts";
import { azureIdentityOf, scopeOf, unwrapWithAzure } from "./azure.ts";
import { unwrapWithGcp } from "./gcp.ts";
import { parsePgpKeys, unwrapWithPgp } from "./pgp.ts";
import { loginToVault, unwrapWithVault, type VaultToken } from "./vault.ts";

/** Data of a decryption Secret, decoded. */
export type KeyData = ReadonlyMap<string, Uint8Array>;

export type KeyringOptions = {
  data: KeyData;
  services: CloudServices;
  /** The ServiceAccount that asks the clouds; undefined: the process's own identity. */
  account?: AccountTokens;
  /** Vault servers that a ServiceAccount may log in to, with their login paths. */
  vaultLogins?: ReadonlyMap<string, string>;
};

/** Opens data keys with the keys it holds. */
export class Keyring {
  /** Equal for equal keys; says nothing about them. */
  readonly hash: string;
  readonly #unwrap: Unwrap;
  readonly #known: Map<string, { part: Uint8Array; untilMs: number }> = new Map();
  readonly #now: () => number;

  constructor(hash: string, unwrap: Unwrap, now: () => number) {
    this.hash = hash;
    this.#unwrap = unwrap;
    this.#now = now;
  }

  /** Unwraps a data key; an answer is remembered for a while. */
  unwrap: Unwrap = async (key) => {
    const id = keyedHash(JSON.stringify(key));
    const known = this.#known.get(id);
    if (known !== undefined && known.untilMs > this.#now()) return known.part;
    const part = await this.#unwrap(key);
    this.#known.delete(id);
    this.#known.set(id, { part, untilMs: this.#now() + dataKeyLifeMs });
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > dataKeysKept && oldest !== undefined) this.#known.delete(oldest);
    return part;
  };
}

const hashKey = randomBytes(32);

/** A hash that nobody outside this process can compare with a guess. */
export function keyedHash(content: string | Uint8Array): string {
  return createHmac("sha256", hashKey).update(content).digest("hex");
}

/** Reads the keys of a Secret. Throws SecretsFault for one that cannot be read. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const keys = await readKeys(options);
  const unwrap: Unwrap = (key) => unwrapWith(key, keys, options);
  return new Keyring(hashOf(options), unwrap, options.services.now);
}

function hashOf({ data, account, vaultLogins }: KeyringOptions): string {
  const parts = [...data].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, bytes]) => `${name} ${keyedHash(bytes)}`);
  const who =
    account === undefined ? "" : `${account.namespace}/${account.name} ${JSON.stringify(account.annotations)}`;
  return keyedHash([...parts, who, JSON.stringify([...(vaultLogins ?? [])])].join("\n"));
}

type Keys = {
  age: string[];
  pgp: PrivateKey[];
  aws: AwsIdentity;
  gcp: GoogleIdentity;
  azure: AzureIdentity;
  vault: VaultToken;
};

async function readKeys(options: KeyringOptions): Promise<Keys> {
  const { data, services, account } = options;
  const keys: Keys = {
    age: [],
    pgp: [],
    aws: awsIdentity(services, account),
    gcp: googleIdentity(services, account),
    azure: azureIdentity(services, account),
    vault: vaultLogin(options),
  };
  const names = [...data.keys()].sort();
  for (const name of names) {
    const bytes = data.get(name) ?? new Uint8Array();
    if (name.endsWith(".agekey")) keys.age.push(...(await parseAgeIdentities(decodeUtf8(bytes), name)));
    else if (name.endsWith(".asc")) keys.pgp.push(...(await parsePgpKeys(decodeUtf8(bytes), name)));
    else if (name === "sops.vault-token") keys.vault = vaultToken(decodeUtf8(bytes).trim());
    else if (name === "sops.aws-kms") keys.aws = awsIdentityOf(bytes, name);
    else if (name === "sops.gcp-kms")
      keys.gcp = googleFileIdentity({ text: decodeUtf8(bytes).trim(), at: name, isOwn: false }, services);
    else if (name === "sops.azure-kv") keys.azure = azureIdentityOf(bytes, name, services);
  }
  keys.gcp = keptByScope(keys.gcp, services.now);
  keys.azure = keptByScope(keys.azure, services.now);
  return keys;
}

async function unwrapWith(key: MasterKey, keys: Keys, { services }: KeyringOptions): Promise<Uint8Array> {
  switch (key.type) {
    case "age":
      return unwrapWithAge(key.enc, keys.age, key.recipient);
    case "pgp":
      return unwrapWithPgp(key.enc, keys.pgp);
    case "kms":
      return unwrapWithAws(key, keys.aws, services);
    case "gcp_kms": {
      const endpoint = services.environment["SOPS_GCP_KMS_ENDPOINT"] ?? "";
      const context = { ask: services.ask, endpoint: endpoint === "" ? undefined : endpoint };
      return unwrapWithGcp(key, (await keys.gcp(cloudPlatform)).token, context);
    }
    case "azure_kv":
      return unwrapWithAzure(key, (await keys.azure(scopeOf(key.vaultUrl))).token, services.ask);
    case "hc_vault":
      return unwrapWithVault(key, keys.vault, services.ask);
    case "hckms":
      throw new SecretsFault({
        code: "key-unsupported",
        disposition: "stall",
        message: "keys of Huawei Cloud KMS cannot be used here",
        hint: "add an age key to the file with `sops updatekeys`",
      });
  }
}

function vaultToken(token: string): VaultToken {
  return () => Promise.resolve(token);
}

/** Without a token of the Secret: a login as the ServiceAccount, at servers that the operator listed and no others. */
function vaultLogin({ services, account, vaultLogins }: KeyringOptions): VaultToken {
  return async (address) => {
    const loginPath = vaultLogins?.get(address);
    if (account === undefined || loginPath === undefined) {
      throw new SecretsFault({
        code: "key-invalid",
        disposition: "stall",
        at: address,
        message: "no token for this Vault server is at hand",
        hint: "put sops.vault-token into the decryption Secret",
      });
    }
    const who = { role: `${account.namespace}_${account.name}`, jwt: await account.token(address) };
    return loginToVault({ address, loginPath }, who, services.ask);
  };
}

type ByScope = (scope: string) => Promise<CloudToken>;

/** A token is asked for again shortly before it ends. */
function keptByScope(identity: ByScope, now: () => number): ByScope {
  const known = new Map<string, { token: string; untilMs: number }>();
  return async (scope) => {
    let found = known.get(scope);
    if (found === undefined || found.untilMs <= now()) {
      const { token, lifeMs } = await identity(scope);
      found = { token, untilMs: now() + lifeMs - expirySkewMs };
      known.set(scope, found);
    }
    return { token: found.token, lifeMs: found.untilMs - now() };
  };
}
