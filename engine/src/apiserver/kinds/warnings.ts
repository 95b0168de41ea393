// What the server warns of although it accepts it (pkg/api/*/warnings.go).

import { asJson, isObject, type JsonObject, type Manifest, textOf } from "#kernel";

function specOf(object: Manifest): JsonObject {
  const { spec } = asJson(object);
  return isObject(spec) ? spec : {};
}

export function serviceWarnings(draft: Manifest): string[] {
  const spec = specOf(draft);
  const type = textOf(spec, "type");
  const externalIps = Array.isArray(spec.externalIPs) ? spec.externalIPs : [];
  const isHeadless = type === "ClusterIP" && spec.clusterIP === "None";
  const isNamed = type === "ExternalName";
  const warnings: string[] = [];
  if (isHeadless) {
    if (textOf(spec, "loadBalancerIP") !== "") warnings.push("spec.loadBalancerIP is ignored for headless services");
    if (externalIps.length > 0) warnings.push("spec.externalIPs is ignored for headless services");
    if (spec.sessionAffinity !== "None") warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  if (externalIps.length > 0 && !isHeadless && !isNamed)
    warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters");
  if (isNamed && externalIps.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isNamed && textOf(spec, "externalName") !== "")
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === "PreferClose")
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  return warnings;
}
