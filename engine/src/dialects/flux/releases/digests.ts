// The digests by which Flux tells whether something changed: of values, of post-renderers, of a release in storage. Another
// engine on the same objects must find the same ones, so each is taken over the very bytes that Flux takes it over.

import type { CommonMetadata, PostRendererSpec } from "#api/flux";
import { compareStrings, type GoMap, type Value } from "#formats/gotemplate";
import { formatYamlInOrder } from "#formats/yaml";
import { isObject, type Json, type JsonObject, sha256Hex } from "#kernel";
import type { Release } from "#releases";
import { formatJson, struct, toPlain } from "#render/helm";

/** Of values: YAML with its keys in the order of their bytes; of no values, the digest of nothing (fluxcd/pkg/chartutil). */
export function configDigest(values: GoMap | JsonObject | null | undefined): string {
  if (values === null || values === undefined || Object.keys(values).length === 0) return digest("");
  return digest(formatYamlInOrder(withWholeNumbers(toPlain(values as Value)), compareStrings));
}

/** Whole numbers beyond 2^53 are written with all their digits. */
function withWholeNumbers(value: Json): Json {
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(withWholeNumbers);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withWholeNumbers(member)]));
}

/** Of `spec.postRenderers`; "" where there are none. */
export function postRenderersDigest(renderers: readonly PostRendererSpec[] | undefined): string {
  if (renderers === undefined) return "";
  return digest(encoded(renderers.map((renderer) => fields(renderer as JsonObject, { kustomize: kustomizeOf }))));
}

function kustomizeOf(kustomize: Json | undefined): Value {
  if (kustomize === undefined) return undefined;
  return fields(kustomize, {
    patches: (patches) =>
      listOf(patches, (patch) =>
        fields(patch, {
          patch: required(""),
          target: (target) => (target === undefined ? undefined : fields(target, selector)),
        }),
      ),
    images: (images) => listOf(images, (image) => fields(image, { ...named, name: required("") })),
  });
}

/** Of `spec.commonMetadata`; "" where there is none. */
export function commonMetadataDigest(metadata: CommonMetadata | undefined): string {
  if (metadata === undefined) return "";
  return digest(encoded(fields(metadata as JsonObject, { annotations: asIs, labels: asIs })));
}

/** Of a release as it stands in storage, but for its tests: they may be run by anyone. */
export function releaseDigest(release: Release, ociDigest: string | undefined): string {
  const hooks = (release.hooks ?? []).filter((hook) => !hook.events.includes("test"));
  const config = release.config ?? null;
  const observation = struct({
    name: release.name,
    version: release.version,
    info: fields(release.info as JsonObject, infoFields),
    chartMetadata: fields(release.chart.metadata, metadataFields),
    config: config === null || Object.keys(config).length === 0 ? null : (config as GoMap),
    manifest: release.manifest,
    hooks: hooks.length === 0 ? null : hooks.map((hook) => fields(hook as unknown as JsonObject, hookFields)),
    namespace: release.namespace,
    ...(ociDigest === undefined || ociDigest === "" ? {} : { ociDigest }),
  });
  return digest(encoded(observation));
}

function digest(text: string): string {
  return `sha256:${sha256Hex(text)}`;
}

/** As Go's encoder writes to a stream: with a line break. */
function encoded(value: Value): string {
  return `${formatJson(value)}\n`;
}

/** How a member is written; undefined leaves it out, as `omitempty` does. */
type Field = (value: Json | undefined) => Value;
type Fields = { readonly [name: string]: Field };

/** The members that a Go struct has, in its order; what is empty is left out. */
function fields(value: Json | undefined, known: Fields): Value {
  const object = isObject(value) ? value : {};
  const written: GoMap = {};
  for (const [name, write] of Object.entries(known)) {
    const member = write(object[name]);
    if (member !== undefined) written[name] = member;
  }
  return struct(written);
}

const asIs: Field = (value) => (isEmpty(value) ? undefined : (value as Value));

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** A member that is written even when it is empty. */
function required(empty: Json): Field {
  return (value) => (value ?? empty) as Value;
}

function listOf(value: Json | undefined, item: (value: Json) => Value): Value {
  return Array.isArray(value) && value.length > 0 ? value.map(item) : undefined;
}

const selector: Fields = {
  group: asIs,
  version: asIs,
  kind: asIs,
  namespace: asIs,
  name: asIs,
  annotationSelector: asIs,
  labelSelector: asIs,
};

const named: Fields = { name: asIs, newName: asIs, newTag: asIs, digest: asIs };

const infoFields: Fields = {
  first_deployed: asIs,
  last_deployed: asIs,
  deleted: asIs,
  description: asIs,
  status: asIs,
  notes: asIs,
};

const maintainerFields: Fields = { name: asIs, email: asIs, url: asIs };

const dependencyFields: Fields = {
  name: required(""),
  version: asIs,
  repository: required(""),
  condition: asIs,
  tags: asIs,
  enabled: asIs,
  "import-values": asIs,
  alias: asIs,
};

const metadataFields: Fields = {
  name: asIs,
  home: asIs,
  sources: asIs,
  version: asIs,
  description: asIs,
  keywords: asIs,
  maintainers: (value) => listOf(value, (each) => fields(each, maintainerFields)),
  icon: asIs,
  apiVersion: asIs,
  condition: asIs,
  tags: asIs,
  appVersion: asIs,
  deprecated: asIs,
  annotations: asIs,
  kubeVersion: asIs,
  dependencies: (value) => listOf(value, (each) => fields(each, dependencyFields)),
  type: asIs,
};

const hookFields: Fields = {
  name: asIs,
  kind: asIs,
  path: asIs,
  manifest: asIs,
  events: asIs,
  last_run: (value) => fields(value, { started_at: asIs, completed_at: asIs, phase: required("") }),
  weight: asIs,
  delete_policies: asIs,
  output_log_policies: asIs,
};
