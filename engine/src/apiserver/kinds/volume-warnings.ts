// What the server warns of in a pod's volumes: plugins that are gone, and files of one volume that hide each other.

import { isObject, type Json, type JsonObject, textOf } from "#kernel";
import { quantityNanos } from "#api/kubernetes";

/** Sources that do nothing any more, or soon will. */
const goneSources: readonly (readonly [member: string, shown: string, text: string])[] = [
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["ephemeral", "ephemeral", ""],
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

const nanosOfOne = 1_000_000_000n;

/** Bytes are whole. */
export function fractionWarnings(amounts: Json | undefined, field: string, names: readonly string[]): string[] {
  if (!isObject(amounts)) return [];
  return names.flatMap((name) => {
    const amount = amounts[name];
    // A canonical amount says by its end, or by a negative exponent, that it may be a fraction.
    if (typeof amount !== "string" || !/[mun]$|e-/.test(amount)) return [];
    if ((quantityNanos(amount) ?? 0n) % nanosOfOne === 0n) return [];
    return [`${field}[${name}]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

/** Of a claim's specification. */
export function claimSpecWarnings(spec: Json | undefined, field: string): string[] {
  const resources = isObject(spec) && isObject(spec.resources) ? spec.resources : {};
  return ["requests", "limits"].flatMap((part) =>
    fractionWarnings(resources[part], `${field}.resources.${part}`, ["storage"]),
  );
}

export function volumeWarnings(volumes: readonly JsonObject[], field: string): string[] {
  const warnings = volumes.flatMap((volume, index) =>
    goneSources.flatMap(([member, shown, text]) => {
      const source = volume[member];
      if (!isObject(source)) return [];
      const at = `${field}[${index}].${shown}`;
      if (text !== "") return [`${at}: ${text}`];
      const template = source.volumeClaimTemplate;
      return isObject(template) ? claimSpecWarnings(template.spec, `${at}.volumeClaimTemplate.spec`) : [];
    }),
  );
  for (const volume of volumes) warnings.push(...overlapWarnings(volume));
  return warnings;
}

type File = { path: string; source: string };

function filesOf(items: Json | undefined, source: string): File[] {
  return Array.isArray(items) ? items.filter(isObject).map((item) => ({ path: textOf(item, "path"), source })) : [];
}

function shown({ path, source }: File): string {
  return source === "" ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
}

function isOver(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

/** Each file against those before it. */
function overlaps(files: readonly File[]): string[] {
  const trimmed = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ""), source }));
  return trimmed.flatMap((file, index) =>
    file.path === ""
      ? []
      : trimmed
          .slice(0, index)
          .filter((other) => other.path !== "" && isOver(other.path, file.path))
          .map((other) => `${shown(file)} with ${shown(other)}`),
  );
}

function overlapWarnings(volume: JsonObject): string[] {
  const name = JSON.stringify(textOf(volume, "name"));
  const told = (kind: string, files: readonly File[]): string[] =>
    overlaps(files).map((text) => `volume ${name} (${kind}): overlapping paths: ${text}`);
  const { configMap, secret, downwardAPI, projected } = volume;
  const warnings: string[] = [];
  if (isObject(configMap))
    warnings.push(...told(`ConfigMap ${JSON.stringify(textOf(configMap, "name"))}`, filesOf(configMap.items, "")));
  if (isObject(secret))
    warnings.push(...told(`Secret ${JSON.stringify(textOf(secret, "secretName"))}`, filesOf(secret.items, "")));
  if (isObject(downwardAPI)) warnings.push(...told("DownwardAPI", filesOf(downwardAPI.items, "")));
  if (!isObject(projected) || !Array.isArray(projected.sources)) return warnings;
  const sources = projected.sources.map((source) => (isObject(source) ? source : {}));
  for (const source of sources)
    if (Object.keys(source).length === 0) warnings.push(`volume ${name} (Projected) has no sources provided`);
  return [...warnings, ...told("Projected", sources.flatMap(projectedFiles))];
}

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken }: JsonObject): File[] {
  if (isObject(configMap) && Array.isArray(configMap.items))
    return filesOf(configMap.items, `ConfigMap ${JSON.stringify(textOf(configMap, "name"))}`);
  if (isObject(secret) && Array.isArray(secret.items))
    return filesOf(secret.items, `Secret ${JSON.stringify(textOf(secret, "name"))}`);
  if (isObject(downwardAPI) && Array.isArray(downwardAPI.items)) return filesOf(downwardAPI.items, "DownwardAPI");
  if (!isObject(serviceAccountToken)) return [];
  return [{ path: textOf(serviceAccountToken, "path"), source: "ServiceAccountToken" }];
}
