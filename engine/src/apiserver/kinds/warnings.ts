// What the server warns of although it accepts it (pkg/api/*/warnings.go).

import { addressWarnings, networkWarnings } from "#apiserver/validation";
import { asJson, isObject, type Json, type Manifest, textOf } from "#kernel";
import { objectsIn, specOf } from "./members.ts";

export function serviceWarnings(draft: Manifest): string[] {
  const spec = specOf(draft);
  const type = textOf(spec, "type");
  const externalIps = Array.isArray(spec.externalIPs) ? spec.externalIPs : [];
  const isHeadless = type === "ClusterIP" && spec.clusterIP === "None";
  const isNamed = type === "ExternalName";
  const warnings = oldAnnotationWarnings(draft);
  warnings.push(...warningsOfEach(spec.clusterIPs, "spec.clusterIPs", addressWarnings));
  if (isHeadless) {
    if (textOf(spec, "loadBalancerIP") !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (externalIps.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  warnings.push(...warningsOfEach(spec.externalIPs, "spec.externalIPs", addressWarnings));
  if (externalIps.length > 0 && !isHeadless && !isNamed)
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  const balancer = textOf(spec, "loadBalancerIP");
  if (balancer !== "") warnings.push(...addressWarnings(balancer, "spec.loadBalancerIP"));
  warnings.push(...warningsOfEach(spec.loadBalancerSourceRanges, "spec.loadBalancerSourceRanges", networkWarnings));
  if (isNamed && externalIps.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isNamed && textOf(spec, "externalName") !== "")
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}

/** What is told of each text in a list. */
export function warningsOfEach(
  value: Json | undefined,
  field: string,
  warn: (text: string, field: string) => string[],
): string[] {
  const texts = Array.isArray(value) ? value : [];
  return texts.flatMap((text, index) => (typeof text === "string" ? warn(text, `${field}[${index}]`) : []));
}

function oldAnnotationWarnings(draft: Manifest): string[] {
  const [old, mode] = ["service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"] as const;
  const isUsed = Object.hasOwn(draft.metadata.annotations ?? {}, old);
  return isUsed ? [`annotation ${old} is deprecated, please use ${mode} instead`] : [];
}

const classAnnotation = "kubernetes.io/ingress.class";

/** Of an Ingress that is new. */
export function ingressWarnings(draft: Manifest, live: Manifest | undefined): string[] {
  const isOld = Object.hasOwn(draft.metadata.annotations ?? {}, classAnnotation);
  if (live !== undefined || !isOld || specOf(draft).ingressClassName !== undefined) return [];
  return [`annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`];
}

/** Networks of a policy that are taken, but not written as they should be. */
export function networkPolicyWarnings(draft: Manifest): string[] {
  const spec = specOf(draft);
  return [
    ["ingress", "from"],
    ["egress", "to"],
  ].flatMap(([direction = "", peers = ""]) =>
    objectsIn(spec[direction]).flatMap((rule, index) =>
      objectsIn(rule[peers]).flatMap(({ ipBlock }, at) => {
        if (!isObject(ipBlock)) return [];
        const field = `spec.${direction}[${index}].${peers}[${at}].ipBlock`;
        return [
          ...networkWarnings(textOf(ipBlock, "cidr"), `${field}.cidr`),
          ...warningsOfEach(ipBlock.except, `${field}.except`, networkWarnings),
        ];
      }),
    ),
  );
}

/** Of a slice: addresses that are not written as they should be, and names where addresses belong. */
export function endpointSliceWarnings(draft: Manifest, live: Manifest | undefined): string[] {
  const { addressType, endpoints } = asJson(draft);
  const isNamed = addressType === "FQDN";
  const names = live === undefined && isNamed ? ["spec.addressType: FQDN endpoints are deprecated"] : [];
  const found = Array.isArray(endpoints) && !isNamed ? endpoints : [];
  return [
    ...names,
    ...found.flatMap((endpoint, index) =>
      warningsOfEach(
        isObject(endpoint) ? endpoint.addresses : undefined,
        `endpoints[${index}].addresses`,
        addressWarnings,
      ),
    ),
  ];
}
