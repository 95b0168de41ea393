// The loop over one ArtifactGenerator: composes smaller artifacts of its sources' files and keeps an ExternalArtifact for
// each. A piece gets a new revision only when its own content changes.

import {
  type ArtifactGenerator,
  artifactGeneratorFinalizer,
  type ArtifactStatus,
  requestedAtAnnotation,
  sourceExtensionsGroup,
  sourceGroup,
} from "#api/flux";
import type { ReconcileResult } from "#controller";
import {
  type Fault,
  faultFrom,
  formatFault,
  formatTime,
  isObject,
  type JsonObject,
  type Manifest,
  sha256Hex,
} from "#kernel";
import { type ComposedFile, composeTree, contentHash, filesOf } from "#sources/git";
import { ConditionSet } from "./condition-set.ts";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { copyFiles, type SourceFiles } from "./generate.ts";
import { dependencyRetryMs } from "./limits.ts";
import { jsonOf } from "./objects.ts";
import { type Output, outputsOf } from "./outputs.ts";
import type { SourceName, TreeArtifact } from "./store.ts";
import { treeOfFile } from "./trees.ts";

/** Found on the outputs: who made them. */
const generatorLabel = "app.kubernetes.io/managed-by";
const reconcileAnnotation = `${sourceExtensionsGroup}/reconcile`;
/** Standard OCI annotation; a Kustomization shows it as its last applied origin revision. */
const originAnnotation = "org.opencontainers.image.revision";

type Made = { name: string; namespace: string; digest: string; filename: string };

export async function reconcileArtifactGenerator(
  object: Manifest,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const generator = object as unknown as ArtifactGenerator;
  const { namespace = "" } = object.metadata;
  if (object.metadata.deletionTimestamp !== undefined) {
    for (const made of generator.status?.inventory ?? []) await removeOutput(made, context);
    await context.objects.setFinalizer(object, artifactGeneratorFinalizer, false);
    return undefined;
  }
  await context.objects.setFinalizer(object, artifactGeneratorFinalizer, true);
  if (object.metadata.annotations?.[reconcileAnnotation]?.toLowerCase() === "disabled") {
    await context.objects.tell(object, {
      isWarning: true,
      reason: "ReconciliationDisabled",
      message: "reconciliation is disabled by annotation",
    });
    return undefined;
  }
  try {
    checkSpec(generator, namespace, context);
    const artifacts = await sourcesOf(generator, namespace, { context, signal });
    const sources = await loadSources(artifacts);
    const made: Made[] = [];
    for (const output of outputsOf(generator.spec, sources))
      made.push(await makeOutput({ object, generator, output, artifacts, sources }, context, signal));
    const kept = new Set(made.map((each) => each.name));
    for (const old of generator.status?.inventory ?? []) if (!kept.has(old.name)) await removeOutput(old, context);
    await succeed(object, { made, artifacts }, context);
    return undefined;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const fault = faultFrom(thrown);
    await fail(object, fault, context);
    // A source that is not there yet wakes this object when it comes; the delay is for what comes without a word.
    if (fault.code === "source-unavailable") return { requeueAfterMs: dependencyRetryMs };
    throw fault;
  }
}

/** What no other state of the world could make right. */
function checkSpec({ spec }: ArtifactGenerator, namespace: string, context: Context): void {
  const invalid = (message: string, code: "spec-invalid" | "access-denied" = "spec-invalid"): Error =>
    artifactFault({ code, disposition: "stall", message });
  const aliases = new Set<string>();
  for (const source of spec.sources) {
    if (aliases.has(source.alias)) throw invalid(`duplicate source alias '${source.alias}' found`);
    aliases.add(source.alias);
    const { kind, name, namespace: other = namespace } = source;
    if (other !== namespace && !context.isCrossNamespaceAllowed)
      throw invalid(`cross-namespace reference to source ${kind}/${other}/${name} is not allowed`, "access-denied");
  }
  const names = new Set<string>();
  for (const { name, revision = "" } of spec.artifacts) {
    if (names.has(name)) throw invalid(`duplicate artifact name '${name}' found`);
    names.add(name);
    const alias = revision.replace(/^@/, "");
    if (alias !== "" && !aliases.has(alias))
      throw invalid(`artifact ${name} revision source alias '${alias}' not found`);
  }
}

/** The artifacts by alias. */
async function sourcesOf(
  generator: ArtifactGenerator,
  namespace: string,
  { context, signal }: { context: Context; signal: AbortSignal },
): Promise<Map<string, TreeArtifact>> {
  const found = new Map<string, TreeArtifact>();
  for (const source of generator.spec.sources) {
    const name = { kind: source.kind, namespace: source.namespace ?? namespace, name: source.name };
    context.want(name);
    const artifact = context.store.getTree(name) ?? (await unpacked(name, context, signal));
    if (artifact === undefined)
      throw artifactFault({
        code: "source-unavailable",
        disposition: "retry",
        at: `${name.kind}/${name.namespace}/${name.name}`,
        message: "the source has no artifact yet",
      });
    found.set(source.alias, artifact);
  }
  return found;
}

/** A packed chart is looked into only where somebody asks for its files. */
async function unpacked(name: SourceName, context: Context, signal: AbortSignal): Promise<TreeArtifact | undefined> {
  const packed = context.store.get(name);
  if (packed?.file === undefined || name.kind !== "HelmChart") return undefined;
  const { revision, file: stored } = packed;
  const tree = await treeOfFile({ source: name, context }, { revision, stored }, signal);
  return tree === undefined ? undefined : { ...packed, tree };
}

async function loadSources(artifacts: ReadonlyMap<string, TreeArtifact>): Promise<Map<string, SourceFiles>> {
  const loaded = new Map<string, SourceFiles>();
  for (const [alias, artifact] of artifacts)
    loaded.set(alias, { handle: artifact.tree, files: await filesOf(artifact.tree) });
  return loaded;
}

type Making = {
  object: Manifest;
  generator: ArtifactGenerator;
  output: Output;
  artifacts: ReadonlyMap<string, TreeArtifact>;
  sources: ReadonlyMap<string, SourceFiles>;
};

async function makeOutput(making: Making, context: Context, signal: AbortSignal): Promise<Made> {
  const { object, output, sources } = making;
  const namespace = object.metadata.namespace ?? "";
  const files = await copyFiles(output.copy, sources).catch((thrown: unknown) => {
    const fault = faultFrom(thrown);
    throw artifactFault({
      code: "generate-failed",
      disposition: fault.disposition,
      at: output.name,
      message: "the artifact cannot be built",
      cause: fault,
    });
  });
  const artifact = await composeOutput({ ...making, files }, context, signal);
  const name = { kind: "ExternalArtifact", namespace, name: output.name };
  context.store.put(artifact);
  const hash = contentHash(files);
  const filename = `${hash}.tar.gz`;
  const path = context.archives.offer(name, filename, artifact.tree);
  const live = await context.objects.apply(externalArtifactOf(making));
  const before = (live["status"] as { artifact?: ArtifactStatus } | undefined)?.artifact;
  const isUnchanged = before?.path === path && before.revision === artifact.revision && before.digest !== undefined;
  const file = isUnchanged ? undefined : await context.archives.write(path);
  const stored = { path, digest: file?.digest ?? before?.digest ?? "", size: file?.size ?? before?.size ?? 0 };
  context.store.put({ ...artifact, file: stored });
  if (!isUnchanged) await context.records.write(artifact);
  const now = formatTime(context.clock.now());
  const status: ArtifactStatus = {
    ...stored,
    url: `${context.address}/artifacts/${path}`,
    revision: artifact.revision,
    lastUpdateTime: isUnchanged ? before.lastUpdateTime : now,
    ...(artifact.originRevision === undefined ? {} : { metadata: { [originAnnotation]: artifact.originRevision } }),
  };
  const conditions = new ConditionSet(conditionsIn(live), { generation: live.metadata.generation ?? 0, now });
  conditions.set("Ready", "True", { reason: "Succeeded", message: "Artifact is ready" });
  await context.objects.setStatus(live, {
    artifact: jsonOf(status),
    conditions: conditions.list() as unknown as JsonObject[],
  });
  return { name: output.name, namespace, digest: `sha256:${hash}`, filename };
}

async function composeOutput(
  making: Making & { files: ComposedFile[] },
  context: Context,
  signal: AbortSignal,
): Promise<TreeArtifact> {
  const { object, output, artifacts, files } = making;
  const repositories = [...artifacts.values()].map((each) => each.tree.repository);
  const options = { folder: context.composed, environment: context.environment, signal };
  const composed = await composeTree(files, repositories, options);
  const revision =
    output.revision === undefined ? `latest@sha256:${contentHash(files)}` : revisionOf(output.revision, artifacts);
  const originRevision = output.originRevision === undefined ? undefined : revisionOf(output.originRevision, artifacts);
  const environment = { PATH: context.environment["PATH"] };
  return {
    kind: "ExternalArtifact",
    namespace: object.metadata.namespace ?? "",
    name: output.name,
    revision,
    ...(originRevision === undefined ? {} : { originRevision }),
    // Flux leaves its defaults out of what it generates: pictures, archives, files of CI.
    tree: { kind: "git", ...composed, revision, ignore: [], environment },
  };
}

function revisionOf(alias: string, artifacts: ReadonlyMap<string, TreeArtifact>): string {
  const artifact = artifacts.get(alias.replace(/^@/, ""));
  if (artifact !== undefined) return artifact.originRevision ?? artifact.revision;
  throw artifactFault({
    code: "spec-invalid",
    disposition: "stall",
    at: alias,
    message: "there is no source with this alias",
  });
}

function externalArtifactOf({ object, generator, output }: Making): Manifest {
  const { name, namespace = "", uid = "" } = object.metadata;
  const common = generator.spec.commonMetadata;
  return {
    apiVersion: `${sourceGroup}/v1`,
    kind: "ExternalArtifact",
    metadata: {
      name: output.name,
      namespace,
      labels: {
        ...common?.labels,
        ...output.labels,
        [generatorLabel]: "source-watcher",
        [`${sourceExtensionsGroup}/generator`]: name,
      },
      ...(common?.annotations === undefined ? {} : { annotations: common.annotations }),
      ownerReferences: [
        { apiVersion: object.apiVersion, kind: object.kind, name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: { sourceRef: { apiVersion: object.apiVersion, kind: object.kind, name, namespace } },
  };
}

async function removeOutput(made: { name: string; namespace: string }, context: Context): Promise<void> {
  const source = { kind: "ExternalArtifact", namespace: made.namespace, name: made.name };
  context.store.remove(source);
  await context.archives.remove(source);
  await context.records.remove(source);
  await context.objects.delete("ExternalArtifact", made.namespace, made.name);
}

type Success = { made: Made[]; artifacts: ReadonlyMap<string, TreeArtifact> };

async function succeed(object: Manifest, success: Success, context: Context): Promise<void> {
  const generator = object as unknown as ArtifactGenerator;
  const message = `reconciliation succeeded, generated ${success.made.length} artifact(s)`;
  const observed = [...success.artifacts].map(([alias, artifact]) => `${alias} ${artifact.revision}`).sort();
  const conditions = conditionsFor(object, context);
  conditions.remove("Reconciling", "Stalled");
  conditions.set("Ready", "True", { reason: "Succeeded", message });
  const before = new Set((generator.status?.inventory ?? []).map((each) => `${each.name} ${each.digest}`));
  const fresh = success.made.filter((each) => !before.has(`${each.name} ${each.digest}`));
  const told = fresh.map(({ namespace, name, digest }) => `${namespace}/${name} (${digest})`).join("\n");
  if (fresh.length > 0) {
    const event = { isWarning: false, reason: "Ready", message: `external artifacts reconciled: ${told}` };
    await context.objects.tell(object, event);
  }
  await writeStatus(object, context, {
    conditions,
    members: {
      inventory: success.made as unknown as JsonObject[],
      observedSourcesDigest: `sha256:${sha256Hex(observed.join("\n"))}`,
    },
  });
}

const reasons: Readonly<Record<string, string>> = {
  "spec-invalid": "ValidationFailed",
  "access-denied": "AccessDenied",
  "source-unavailable": "SourceFetchFailed",
  "cluster-refused": "ReconciliationFailed",
};

async function fail(object: Manifest, fault: Fault, context: Context): Promise<void> {
  const hint = fault.hint === undefined ? "" : ` (${fault.hint})`;
  const message = `${formatFault(fault)}${hint}`;
  const reason = reasons[fault.code] ?? "BuildFailed";
  const isStalled = fault.disposition === "stall";
  const conditions = conditionsFor(object, context);
  conditions.fail({ reason, message }, isStalled);
  conditions.set("Ready", "False", { reason, message });
  await writeStatus(object, context, { conditions, members: {} });
  await context.objects.tell(object, { isWarning: true, reason, message });
}

async function writeStatus(
  object: Manifest,
  context: Context,
  { conditions, members }: { conditions: ConditionSet; members: JsonObject },
): Promise<void> {
  const requestedAt = object.metadata.annotations?.[requestedAtAnnotation];
  await context.objects.setStatus(object, {
    ...members,
    conditions: conditions.list() as unknown as JsonObject[],
    ...(requestedAt === undefined ? {} : { lastHandledReconcileAt: requestedAt }),
  });
}

function conditionsFor(object: Manifest, context: Context): ConditionSet {
  const now = formatTime(context.clock.now());
  return new ConditionSet(conditionsIn(object), { generation: object.metadata.generation ?? 0, now });
}

function conditionsIn(object: Manifest): NonNullable<NonNullable<ArtifactGenerator["status"]>["conditions"]> {
  const status = object["status"];
  const list = isObject(status) ? status["conditions"] : undefined;
  return (Array.isArray(list) ? list : []) as unknown as NonNullable<
    NonNullable<ArtifactGenerator["status"]>["conditions"]
  >;
}
