// Decryption of a delivery: its keys, the files that are decrypted before the build, the objects after it. Everything stays
// in memory; what depends on it carries a keyed hash.

import type { Cluster } from "#cluster";
import { canonicalJson, type Clock, isObject, type Manifest, type Read, RecordingTree } from "#kernel";
import { parseYaml } from "#formats/yaml";
import { keyedHash, type KeyData, type Keyring, type KeyServices, openKeyring } from "#secrets/keys";
import { decryptFile, load } from "#secrets/sops";
import { accountOf } from "./account-tokens.ts";
import { clusterFault } from "./cluster-faults.ts";
import { decryptObject } from "./decrypt-objects.ts";
import { type EncryptedFile, findEncryptedFiles } from "./decrypt-sources.ts";
import { failedAt } from "./decryption-fault.ts";
import { DeliveryFault } from "./faults.ts";
import type { Kinds } from "./kinds.ts";
import { Masker } from "./masker.ts";
import type { DecryptionSpec, Delivery } from "./model.ts";
import { type Overlay, type SourceTree, withNeeds } from "./render-desk.ts";

export type DecryptionOptions = {
  services: KeyServices;
  /** A Secret with age keys for deliveries that name none, as Flux's --sops-age-secret. */
  ageSecret?: { namespace: string; name: string };
  /** The ConfigMap that lists Vault servers and their login paths, as Flux's --sops-vault-configmap. */
  vaultConfigMap?: { namespace: string; name: string };
};

type Home = { cluster: Cluster; kinds: Kinds };

/** What decryption gives a build. */
export type OpenDecryption = {
  overlay: Overlay;
  /** Equal for equal keys and files. */
  id: string;
  reads: readonly Read[];
  /** Files whose MAC does not fit. */
  badMacs: readonly string[];
  /** Knows the decrypted texts, to keep them out of messages. */
  masker: Masker;
  objects: (manifests: readonly Manifest[]) => Promise<readonly Manifest[]>;
};

type Kept = { key: string; treeHash: string; opened: OpenDecryption };

export class Decryptions {
  readonly #options: DecryptionOptions;
  readonly #home: Home;
  readonly #keyrings = new Map<string, Keyring>();
  readonly #kept = new Map<string, Kept>();

  constructor(options: DecryptionOptions, home: Home) {
    this.#options = options;
    this.#home = home;
  }

  forget(delivery: string): void {
    this.#kept.delete(delivery);
    this.#keyrings.delete(delivery);
  }

  /** The decryption of a delivery on a source; undefined when it has none. Throws DeliveryFault. */
  async open(
    delivery: Delivery,
    source: SourceTree,
    cluster: Pick<Cluster, "get">,
  ): Promise<OpenDecryption | undefined> {
    const { decryption } = delivery;
    if (decryption === undefined) return undefined;
    const keyring = await this.keyring(delivery.key, decryption, cluster);
    const options = delivery.renderer.options;
    const key = `${keyring.hash} ${delivery.path} ${decryption.isMacRequired} ${canonicalJson(options)}`;
    const kept = this.#kept.get(delivery.key);
    if (kept?.key === key && kept.treeHash === source.hash) return kept.opened;
    const opened = await this.#decryptFiles(delivery, decryption, { keyring, source });
    this.#kept.set(delivery.key, { key, treeHash: source.hash, opened });
    return opened;
  }

  /** What it read is the same in another tree. */
  carry(delivery: string, treeHash: string): void {
    const kept = this.#kept.get(delivery);
    if (kept !== undefined) kept.treeHash = treeHash;
  }

  async #decryptFiles(
    delivery: Delivery,
    decryption: DecryptionSpec,
    { keyring, source }: { keyring: Keyring; source: SourceTree },
  ): Promise<OpenDecryption> {
    const open = await source.open();
    const { files, reads } = await withNeeds(open, (tree) => {
      const recording = new RecordingTree(tree);
      const found = findEncryptedFiles(recording, delivery.path, delivery.renderer.options);
      return { files: found, reads: recording.reads() };
    });
    const masker = new Masker();
    const badMacs: string[] = [];
    const plain: { [path: string]: Uint8Array } = {};
    for (const file of files) {
      const { content, mac } = await decryptOne(file, keyring);
      if (mac !== "good") {
        if (decryption.isMacRequired) throw badMac(file.path);
        badMacs.push(file.path);
      }
      masker.add(content);
      if (file.role === "source" || isByComments(file)) plain[file.path] = content;
    }
    const id = keyedHash(
      Object.entries(plain)
        .map(([path, content]) => `${path} ${keyedHash(content)}`)
        .join("\n"),
    );
    return {
      overlay: { id, files: plain },
      id: `${id} ${keyring.hash}`,
      reads,
      badMacs,
      masker,
      objects: (manifests) => decryptAll(manifests, { keyring, mark: decryption.mark, masker }),
    };
  }

  /** The keys of a delivery; the same ring as long as they are the same. Throws DeliveryFault. */
  async keyring(delivery: string, decryption: DecryptionSpec, cluster: Pick<Cluster, "get">): Promise<Keyring> {
    const { services } = this.#options;
    const data = await this.#keyData(decryption, cluster);
    const named = decryption.serviceAccount;
    const account = named === undefined ? undefined : await accountOf(named, this.#home);
    const vaultLogins = account === undefined ? undefined : await this.#vaultLogins(cluster);
    const options = {
      data,
      services,
      ...(account === undefined ? {} : { account }),
      ...(vaultLogins === undefined ? {} : { vaultLogins }),
    };
    const at = decryption.secret === undefined ? "decryption" : secretLabel(decryption.secret);
    const fresh = await openKeyring(options).catch((thrown: unknown) => {
      throw failedAt(at, thrown);
    });
    // The older one remembers what it has unwrapped.
    const known = this.#keyrings.get(delivery);
    if (known?.hash === fresh.hash) return known;
    this.#keyrings.set(delivery, fresh);
    return fresh;
  }

  async #keyData({ secret }: DecryptionSpec, cluster: Pick<Cluster, "get">): Promise<KeyData> {
    if (secret !== undefined) return dataOf(await this.#read("Secret", secret, cluster), () => true);
    const { ageSecret } = this.#options;
    if (ageSecret === undefined) return new Map();
    return dataOf(await this.#read("Secret", ageSecret, cluster), (name) => name.endsWith(".agekey"));
  }

  async #read(
    kind: string,
    { namespace, name }: { namespace: string; name: string },
    cluster: Pick<Cluster, "get">,
  ): Promise<Manifest> {
    const { kinds } = this.#home;
    const at = `${kind}/${namespace}/${name}`;
    const answer = await cluster.get(await kinds.target({ group: "", version: "v1", kind, namespace, name }));
    if (answer.ok) return answer.value;
    if (answer.status.code !== 404) throw clusterFault(answer.status, "could not be read", at);
    throw new DeliveryFault({
      code: "decryption-failed",
      disposition: "retry",
      at,
      message: "is named for decryption and does not exist",
      hint: "create it; it is looked at again at the retry interval",
    });
  }

  async #vaultLogins(cluster: Pick<Cluster, "get">): Promise<ReadonlyMap<string, string> | undefined> {
    const { vaultConfigMap } = this.#options;
    if (vaultConfigMap === undefined) return undefined;
    const data = (await this.#read("ConfigMap", vaultConfigMap, cluster))["data"];
    const text = isObject(data) ? data["config.yaml"] : undefined;
    const config = typeof text === "string" ? parseYaml(text) : null;
    const instances = isObject(config) && Array.isArray(config["instances"]) ? config["instances"] : [];
    return new Map(
      instances.filter(isObject).map((one) => [String(one["address"] as string), String(one["loginPath"] as string)]),
    );
  }
}

async function decryptOne(file: EncryptedFile, keyring: Keyring): ReturnType<typeof decryptFile> {
  try {
    return await decryptFile(file.content, { from: file.format, to: file.format }, keyring.unwrap);
  } catch (thrown) {
    throw failedAt(file.path, thrown);
  }
}

/** Comments that choose what is encrypted do not outlive the build, so such a resource is decrypted before it. */
function isByComments(file: EncryptedFile): boolean {
  return load(file.content, file.format).metadata.rule.by === "comment";
}

function badMac(at: string): DeliveryFault {
  return new DeliveryFault({
    code: "decryption-failed",
    disposition: "retry",
    at,
    message: "its MAC does not fit: the file was changed after it was encrypted",
    hint: "look at the change in Git; then encrypt the file again with sops",
  });
}

async function decryptAll(
  manifests: readonly Manifest[],
  how: { keyring: Keyring; mark: string; masker: Masker },
): Promise<readonly Manifest[]> {
  const plain: Manifest[] = [];
  for (const manifest of manifests) {
    const decrypted = await decryptObject(manifest, how.keyring.unwrap, how.mark);
    if (decrypted !== manifest) how.masker.addDifference(manifest, decrypted);
    plain.push(decrypted);
  }
  return plain;
}

function dataOf(secret: Manifest, isWanted: (name: string) => boolean): KeyData {
  const data = secret["data"];
  const entries = isObject(data) ? Object.entries(data) : [];
  return new Map(
    entries.flatMap(([name, value]) =>
      isWanted(name) && typeof value === "string" ? [[name, Buffer.from(value, "base64")]] : [],
    ),
  );
}

function secretLabel({ namespace, name }: { namespace: string; name: string }): string {
  return `Secret/${namespace}/${name}`;
}

/** Without a way out: keys of Secrets alone open files. */
export function noServices(clock: Clock): DecryptionOptions {
  const none = (): Promise<never> =>
    Promise.reject(
      new DeliveryFault({ code: "decryption-failed", disposition: "stall", message: "no key service can be reached" }),
    );
  return { services: { ask: none, now: () => clock.now(), environment: {}, readFile: none } };
}
