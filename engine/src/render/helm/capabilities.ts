// .Capabilities: what Helm 4.3.1 claims a cluster can do when it is not asked, and what the caller adds.

import { define, type GoFunction, GoObject, namedList, printValue, quote, type Value } from "#formats/gotemplate";
import { helmFault } from "./faults.ts";
import { struct } from "./functions/plain.ts";

/** Group versions built into Helm 4.3.1's client library. */
export const builtinApiVersions: readonly string[] = (
  "v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 " +
  "apps/v1 apps/v1beta1 apps/v1beta2 authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 " +
  "authorization.k8s.io/v1 authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1 certificates.k8s.io/v1 " +
  "certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 coordination.k8s.io/v1 " +
  "discovery.k8s.io/v1 discovery.k8s.io/v1beta1 events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 " +
  "flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1beta3 lifecycle.k8s.io/v1alpha1 " +
  "networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1 " +
  "rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 resource.k8s.io/v1 resource.k8s.io/v1beta2 " +
  "resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 scheduling.k8s.io/v1alpha3 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 " +
  "storage.k8s.io/v1 storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1 storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1"
).split(" ");

/** The cluster version that Helm 4.3.1 assumes. */
export const defaultKubeVersion = "v1.37.0";

/** The version that `.Capabilities.HelmVersion` names: what Helm 4.3 says of itself where no release script sets more. */
export const helmVersion = "v4.3";

/** An address where Helm prints one: of its length, but the same each time. */
const pointer = "0x1c0000123450";

type VersionParts = { version: string; major: string; minor: string };

class KubeVersion extends GoObject {
  readonly goType: string = "common.KubeVersion";
  readonly kind: string = "struct";
  readonly version: string;
  readonly normalized: string;
  readonly major: string;
  readonly minor: string;

  /** False for a copy, which prints its fields. */
  readonly isAddressable: boolean;

  constructor({ version, major, minor }: VersionParts, normalized: string, isAddressable = true) {
    super();
    this.isAddressable = isAddressable;
    this.version = version;
    this.normalized = normalized;
    this.major = major;
    this.minor = minor;
  }
  // Inside .Capabilities the value is no pointer, so printf prints its fields and not its String method.
  print(): string {
    return `{${this.version} ${this.normalized} ${this.major} ${this.minor}}`;
  }
  override parts(): [string, Value][] {
    return [
      ["Version", this.version],
      ["normalizedVersion", this.normalized],
      ["Major", this.major],
      ["Minor", this.minor],
    ];
  }
  override printAlone(): string {
    return this.isAddressable ? this.compared : this.print();
  }
  /** What ranges are compared with: Go's String method. */
  get compared(): string {
    return this.normalized === "" ? this.version : this.normalized;
  }
  override copied(): GoObject {
    return new KubeVersion(this, "", false);
  }
  override boxed(): GoObject {
    return new KubeVersion(this, this.normalized, false);
  }
  override equals(other: GoObject): boolean {
    return other instanceof KubeVersion && other.print() === this.print();
  }
  plain(): Value {
    return struct({ Version: this.version, Major: this.major, Minor: this.minor });
  }
  override field(name: string): Value {
    return { Version: this.version, Major: this.major, Minor: this.minor }[name];
  }
  override method(name: string): GoFunction | undefined {
    if (name === "String") return define("", () => this.compared);
    return name === "GitVersion" ? define("", () => this.version) : undefined;
  }
}

/** What a cluster says of itself stays as it is: nothing is cut off its version. */
function readVersion(text: string, isFromCluster: boolean): KubeVersion {
  const numbers = numbersOf(text);
  if (typeof numbers === "string") throw helmFault("helm-option", `invalid kube version '${text}': ${numbers}`);
  const version = text.startsWith("v") ? text : `v${text}`;
  const parts = { version, major: String(numbers[0]), minor: String(numbers[1]) };
  return new KubeVersion(parts, isFromCluster ? "" : `v${numbers.join(".")}`);
}

/** The numbers that a version begins with, or what is wrong with it, in the words of apimachinery's ParseGeneric. */
function numbersOf(text: string): bigint[] | string {
  const match = /^[\t\n\f\r ]*v?(\d+(?:\.\d+)*)/.exec(text);
  if (match === null) return `could not parse ${quote(text)} as version`;
  const words = (match[1] as string).split(".");
  const [first = "", second] = words;
  if (second === undefined) return `illegal version string ${quote(text)}`;
  if (first.startsWith("0") && first !== "0")
    return `illegal zero-prefixed version component ${quote(first)} in ${quote(text)}`;
  const large = words.find((word) => BigInt(word) > 18446744073709551615n);
  if (large === undefined) return words.map(BigInt);
  const reason = `strconv.ParseUint: parsing ${quote(large)}: value out of range`;
  return `illegal non-numeric version component ${quote(large)} in ${quote(text)}: ${reason}`;
}

function versionSet(versions: readonly string[]): Value[] {
  const known = new Set(versions);
  return namedList([...versions], "common.VersionSet", (name) =>
    name === "Has" ? define("string", (version: string) => known.has(version)) : undefined,
  );
}

class HelmVersion extends GoObject {
  readonly goType: string = "version.BuildInfo";
  readonly kind: string = "struct";
  readonly #fields: { readonly [name: string]: string } = {
    Version: helmVersion,
    GitCommit: "",
    GitTreeState: "",
    GoVersion: "go1.26.8",
    KubeClientVersion: "v1.37",
  };
  print(): string {
    return `{${Object.values(this.#fields).join(" ")}}`;
  }
  override parts(): [string, Value][] {
    return Object.entries(this.#fields);
  }
  plain(): Value {
    return struct({ version: helmVersion, go_version: "go1.26.8", kube_client_version: "v1.37" });
  }
  override field(name: string): Value {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }
}

export class Capabilities extends GoObject {
  readonly goType: string = "*common.Capabilities";
  readonly kind: string = "ptr";
  readonly kubeVersion: KubeVersion;
  readonly #apiVersions: Value[];
  readonly #helmVersion: HelmVersion = new HelmVersion();

  constructor(kubeVersion: string, apiVersions: readonly string[], isFromCluster = false) {
    super();
    this.kubeVersion = readVersion(kubeVersion, isFromCluster);
    this.#apiVersions = versionSet(apiVersions);
  }
  print(): string {
    return `&${this.printAlone()}`;
  }
  override printAlone(): string {
    return `{${this.kubeVersion.print()} ${printValue(this.#apiVersions)} ${this.#helmVersion.print()}}`;
  }
  override printInside(): string {
    return pointer;
  }
  override exported(): [string, Value][] {
    return [
      ["KubeVersion", this.kubeVersion],
      ["APIVersions", this.#apiVersions],
      ["HelmVersion", this.#helmVersion],
    ];
  }
  plain(): Value {
    return struct({
      KubeVersion: this.kubeVersion.plain(),
      APIVersions: this.#apiVersions,
      HelmVersion: this.#helmVersion.plain(),
    });
  }
  override field(name: string): Value {
    return { KubeVersion: this.kubeVersion, APIVersions: this.#apiVersions, HelmVersion: this.#helmVersion }[name];
  }
}
