// What the server warns of in a pod, or in the template of one, although it accepts it (pkg/api/pod/warnings.go, v1.36).

import { labelErrors, labelValueErrors } from "#api/crd";
import { addressWarnings } from "#apiserver/validation";
import { equalJson, isObject, type Json, type JsonObject, textOf } from "#kernel";
import { objectsIn } from "./members.ts";
import { appArmorAnnotation, appArmorProfileOf } from "./pod-profiles.ts";
import { fractionWarnings, volumeWarnings } from "./volume-warnings.ts";

/** Names of nodes' labels that have another name now (pkg/api/node). */
export const oldLabels: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

const oldAnnotations: readonly (readonly [string, string])[] = [
  ["scheduler.alpha.kubernetes.io/critical-pod", 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ["security.alpha.kubernetes.io/sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
  ["security.alpha.kubernetes.io/unsafe-sysctls", 'non-functional in v1.11+; use the "sysctls" field instead'],
];

const seccompOfPod = "seccomp.security.alpha.kubernetes.io/pod";
const seccompOfContainer = "container.seccomp.security.alpha.kubernetes.io/";
const seccompText = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const noLabels = "a null labelSelector results in matching no pod";
const mandatory = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";

function member(object: Json | undefined, name: string): JsonObject {
  const found = isObject(object) ? object[name] : undefined;
  return isObject(found) ? found : {};
}

type Warned = { spec: JsonObject; annotations: JsonObject; at: string; metadata: string; isTemplate: boolean };
type Container = { container: JsonObject; at: string };

function containersOf({ spec, at }: Warned): Container[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((list) =>
    objectsIn(spec[list]).map((container, index) => ({ container, at: `${at}.${list}[${index}]` })),
  );
}

function termWarnings(term: JsonObject, field: string, looksAtValues: boolean): string[] {
  return objectsIn(term.matchExpressions).flatMap((expression, index) => {
    const at = `${field}.matchExpressions[${index}]`;
    const key = textOf(expression, "key");
    const values = looksAtValues && Array.isArray(expression.values) ? expression.values : [];
    return [
      ...(oldLabels[key] === undefined ? [] : [`${at}.key: ${key} is ${oldLabels[key]}`]),
      ...values.flatMap((value, place) =>
        labelValueErrors(String(value as string)).map(
          (text) => `${at}.values[${place}]: ${String(value as string)} is invalid, ${text}`,
        ),
      ),
    ];
  });
}

/** Where the pod may run. */
function placeWarnings({ spec, at }: Warned): string[] {
  const selector = isObject(spec.nodeSelector) ? Object.keys(spec.nodeSelector) : [];
  const nodes = member(spec.affinity, "nodeAffinity");
  const field = `${at}.affinity.nodeAffinity`;
  return [
    ...selector
      .filter((key) => oldLabels[key] !== undefined)
      .map((key) => `${at}.nodeSelector[${key}]: ${oldLabels[key]}`),
    ...objectsIn(member(nodes, mandatory).nodeSelectorTerms).flatMap((term, index) =>
      termWarnings(term, `${field}.${mandatory}.nodeSelectorTerms[${index}]`, false),
    ),
    ...objectsIn(nodes[preferred]).flatMap((one, index) =>
      termWarnings(member(one, "preference"), `${field}.${preferred}[${index}].preference`, true),
    ),
    ...objectsIn(spec.topologySpreadConstraints).flatMap((one, index) => {
      const place = `${at}.topologySpreadConstraints[${index}]`;
      const key = textOf(one, "topologyKey");
      const old = oldLabels[key];
      return [
        ...(old === undefined ? [] : [`${place}.topologyKey: ${key} is ${old}`]),
        ...(one.labelSelector === undefined ? [`${place}.labelSelector: ${noLabels}`] : []),
      ];
    }),
  ];
}

/** Entries of a list that say the same of one member. */
function repeats(list: Json | undefined, name: string, told: (index: number, value: string) => string): string[] {
  const seen = new Set<string>();
  return objectsIn(list).flatMap((one, index) => {
    const value = textOf(one, name);
    const isSeen = seen.has(value);
    seen.add(value);
    return isSeen ? [told(index, value)] : [];
  });
}

function listWarnings({ spec, at }: Warned): string[] {
  const secrets = `${at}.imagePullSecrets`;
  return [
    ...repeats(
      spec.hostAliases,
      "ip",
      (index, ip) => `${at}.hostAliases[${index}].ip: duplicate ip ${JSON.stringify(ip)}`,
    ),
    ...repeats(
      spec.imagePullSecrets,
      "name",
      (index, name) => `${secrets}[${index}].name: duplicate name ${JSON.stringify(name)}`,
    ),
    ...objectsIn(spec.imagePullSecrets).flatMap((one, index) =>
      textOf(one, "name") === "" ? [`${secrets}[${index}].name: invalid empty name ""`] : [],
    ),
    ...fractionWarnings(spec.overhead, `${at}.overhead`, ["memory", "ephemeral-storage"]),
  ];
}

function profileOf(owner: JsonObject, name: string): JsonObject | undefined {
  const profile = member(owner, "securityContext")[name];
  return isObject(profile) ? profile : undefined;
}

/** Annotations that have a field now. */
function profileWarnings(warned: Warned, { container }: Container): string[] {
  const { spec, annotations, metadata, isTemplate } = warned;
  const name = textOf(container, "name");
  const warnings: string[] = [];
  const seccomp = `${seccompOfContainer}${name}`;
  if (annotations[seccomp] !== undefined && profileOf(container, "seccompProfile") === undefined)
    warnings.push(`${metadata}[${seccomp}]: ${seccompText}`);
  const key = `${appArmorAnnotation}${name}`;
  const said = annotations[key];
  if (!isTemplate || typeof said !== "string" || profileOf(container, "appArmorProfile") !== undefined) return warnings;
  const ofPod = profileOf(spec, "appArmorProfile");
  if (ofPod === undefined || !equalJson(ofPod, appArmorProfileOf(said) ?? null))
    warnings.push(`${metadata}[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  return warnings;
}

/** A variable that replaces one of its name without using it. */
function variableWarnings(container: JsonObject, at: string): string[] {
  const seen = new Set<string>();
  return objectsIn(container.env).flatMap((variable, index) => {
    const [name, value] = [textOf(variable, "name"), textOf(variable, "value")];
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reference = `$(${name})`;
    const isUsed = variable.valueFrom === undefined && value !== reference && value.includes(reference);
    if (isUsed) return [];
    const text = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    return [`${at}.env[${index}]: ${text}`];
  });
}

const byteNames = ["memory", "ephemeral-storage"];

function containerWarnings(warned: Warned, one: Container): string[] {
  const { container, at } = one;
  const { limits, requests } = member(container, "resources");
  return [
    ...profileWarnings(warned, one),
    ...byteNames.flatMap((name) => [
      ...fractionWarnings(limits, `${at}.resources.limits`, [name]),
      ...fractionWarnings(requests, `${at}.resources.requests`, [name]),
    ]),
    ...variableWarnings(container, at),
  ];
}

type Port = { at: string; host: string; number: number; name: string; key: string; shown: string };

function portsOf({ container, at }: Container): Port[] {
  return objectsIn(container.ports).map((port, index) => {
    const [name, host, protocol] = [textOf(port, "name"), textOf(port, "hostIP"), textOf(port, "protocol")];
    const number = typeof port.hostPort === "number" ? port.hostPort : 0;
    const own = typeof port.containerPort === "number" ? port.containerPort : 0;
    const shown = `{Name:${name} HostPort:${number} ContainerPort:${own} Protocol:${protocol} HostIP:${host}}`;
    return { at: `${at}.ports[${index}]`, host, number, name, key: `${own}/${protocol}`, shown };
  });
}

function conflict(port: Port, other: Port): string | undefined {
  if (port.host === other.host && port.number === other.number) return `duplicate port definition with ${other.at}`;
  if (port.number === 0 || other.number === 0) return `overlapping port definition with ${other.at}`;
  const isAmbiguous = port.number === other.number && (port.host === "") !== (other.host === "");
  return isAmbiguous ? `dangerously ambiguous port definition with ${other.at}` : undefined;
}

function portWarnings(containers: readonly Container[]): string[] {
  const ports = containers.flatMap(portsOf);
  const warnings = ports.flatMap((port, index) => {
    const others = ports.slice(0, index).filter(({ key }) => key === port.key);
    const conflicts = others.map((other) => conflict(port, other)).filter((text) => text !== undefined);
    const isLost = port.host !== "" && port.number === 0;
    return [
      ...(isLost ? [`${port.at}: hostIP set without hostPort: ${port.shown}`] : []),
      ...conflicts.map((text) => `${port.at}: ${text}`),
    ];
  });
  const first = new Map<string, string>();
  for (const { name, at } of ports) {
    const other = first.get(name);
    if (name === "") continue;
    if (other === undefined) first.set(name, at);
    else
      warnings.push(
        `${at}: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
      );
  }
  return warnings;
}

/** Terms of affinity that choose no pod. */
function termsWithoutLabels({ spec, at }: Warned): string[] {
  return ["podAffinity", "podAntiAffinity"].flatMap((kind) => {
    const affinity = member(spec.affinity, kind);
    const field = `${at}.affinity.${kind}`;
    return [
      ...objectsIn(affinity[mandatory]).flatMap((term, index) =>
        term.labelSelector === undefined ? [`${field}.${mandatory}[${index}].labelSelector: ${noLabels}`] : [],
      ),
      ...objectsIn(affinity[preferred]).flatMap((one, index) =>
        member(one, "podAffinityTerm").labelSelector === undefined
          ? [`${field}.${preferred}[${index}].podAffinityTerm.labelSelector: ${noLabels}`]
          : [],
      ),
    ];
  });
}

function addressesOf({ spec, at }: Warned): string[] {
  const servers = member(spec, "dnsConfig").nameservers;
  return [
    ...(Array.isArray(servers) ? servers : []).flatMap((server, index) =>
      addressWarnings(String(server as string), `${at}.dnsConfig.nameservers[${index}]`),
    ),
    ...objectsIn(spec.hostAliases).flatMap((alias, index) =>
      addressWarnings(textOf(alias, "ip"), `${at}.hostAliases[${index}].ip`),
    ),
  ];
}

function specWarnings(warned: Warned): string[] {
  const { spec, annotations, at, metadata } = warned;
  const containers = containersOf(warned);
  const isNegative = typeof spec.terminationGracePeriodSeconds === "number" && spec.terminationGracePeriodSeconds < 0;
  const hasPodProfile = profileOf(spec, "seccompProfile") !== undefined;
  return [
    ...placeWarnings(warned),
    ...oldAnnotations.flatMap(([key, text]) =>
      annotations[key] === undefined ? [] : [`${metadata}[${key}]: ${text}`],
    ),
    ...volumeWarnings(objectsIn(spec.volumes), `${at}.volumes`),
    ...listWarnings(warned),
    ...(annotations[seccompOfPod] === undefined || hasPodProfile
      ? []
      : [`${metadata}[${seccompOfPod}]: ${seccompText}`]),
    ...containers.flatMap((one) => containerWarnings(warned, one)),
    ...portWarnings(containers),
    ...(isNegative
      ? [`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...termsWithoutLabels(warned),
    ...addressesOf(warned),
  ];
}

/** Of the template at `field`. */
export function templateWarnings(template: Json | undefined, field: string): string[] {
  const annotations = member(member(template, "metadata"), "annotations");
  return specWarnings({
    spec: member(template, "spec"),
    annotations,
    at: `${field}.spec`,
    metadata: `${field}.metadata.annotations`,
    isTemplate: true,
  });
}

/** Of a new pod. */
export function podWarnings(pod: JsonObject): string[] {
  const metadata = member(pod, "metadata");
  return [
    ...nameWarnings(textOf(metadata, "name"), "the Pod's hostname"),
    ...specWarnings({
      spec: member(pod, "spec"),
      annotations: member(metadata, "annotations"),
      at: "spec",
      metadata: "metadata.annotations",
      isTemplate: false,
    }),
  ];
}

/** A name that becomes a host's should be one. */
export function nameWarnings(name: string, use: string): string[] {
  const wrong = labelErrors(name);
  if (wrong.length === 0) return [];
  const text = `this is used in ${use}, which can result in surprising behavior; a DNS label is recommended: [${wrong.join(" ")}]`;
  return [`metadata.name: ${text}`];
}
