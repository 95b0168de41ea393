// CustomResourceDefinition: its defaults, and the finalizer that keeps a deleted one until its objects are gone.

import {
  approvalErrors,
  type DefinitionSchema,
  definitionSchemas,
  storedVersionErrors,
  unknownFormats,
  validateDefinition,
} from "#api/crd";
import { asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import type { Strategy } from "#apiserver/registry";
import { conversionErrors } from "./conversion-rules.ts";
import { definitionRuleErrors } from "./definition-rules.ts";

/** The schemas of a definition, found once: what is validated and warned of does not change any more. */
const known = new WeakMap<Manifest, readonly DefinitionSchema[]>();

function schemasOf(definition: Manifest): readonly DefinitionSchema[] {
  let found = known.get(definition);
  if (found === undefined) known.set(definition, (found = definitionSchemas(asJson(definition))));
  return found;
}

const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

export const definitionRules: Partial<Strategy> = {
  applyDefaults: (draft) => {
    const spec = draft.spec as JsonObject | undefined;
    if (!isObject(spec)) return;
    const names = spec.names;
    if (isObject(names) && typeof names.kind === "string") {
      if (names.singular === undefined || names.singular === "") names.singular = names.kind.toLowerCase();
      if (names.kind !== "" && (names.listKind === undefined || names.listKind === ""))
        names.listKind = `${names.kind}List`;
    }
    spec.conversion ??= { strategy: "None" };
    if (isObject(draft.status) && storedIn(draft).length === 0) noteStored(draft);
  },
  // Objects are written in the new version from now on.
  prepareUpdate: (draft) => noteStored(draft),
  validate: (draft, live) => {
    const definition = asJson(draft);
    const errors = [
      ...validateDefinition(definition, live === undefined, schemasOf(draft)),
      ...conversionErrors(definition),
      ...storedVersionErrors(definition),
    ];
    // Rules over schemas that are wrong would be told in words that nobody understands.
    const rules = errors.some(({ field }) => field.includes("openAPIV3Schema"))
      ? []
      : definitionRuleErrors(schemasOf(draft), live === undefined ? [] : schemasOf(live));
    return [...errors, ...rules, ...approvalErrors(draft, live)];
  },
  prepareCreate: (draft) => {
    draft.status = { acceptedNames: { kind: "", plural: "" }, conditions: null, storedVersions: null };
    noteStored(draft);
  },
  warnings: (draft, live) => {
    const before = new Set(live === undefined ? [] : unknownFormats(schemasOf(live)));
    return unknownFormats(schemasOf(draft)).flatMap((format) =>
      before.has(format) ? [] : [`unrecognized format ${JSON.stringify(format)}`],
    );
  },
  prepareDelete: (draft, now) => {
    const finalizers = draft.metadata.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) draft.metadata.finalizers = [...finalizers, cleanupFinalizer];
    setTerminating(draft, now);
  },
};

function storedIn(draft: Manifest): Json[] {
  const found = isObject(draft.status) ? draft.status["storedVersions"] : undefined;
  return Array.isArray(found) ? found : [];
}

/** The version that objects are written in is among those that some are stored in. */
function noteStored(draft: Manifest): void {
  const versions = (draft.spec as { versions?: { name: string; storage?: boolean }[] } | undefined)?.versions ?? [];
  const name = versions.find((version) => version.storage === true)?.name;
  const stored = storedIn(draft);
  if (name === undefined || stored.includes(name)) return;
  draft.status = { ...(draft.status as JsonObject), storedVersions: [...stored, name] };
}

function setTerminating(draft: Manifest, now: string): void {
  const status = (draft.status ?? {}) as { conditions?: Json[] };
  const condition = {
    type: "Terminating",
    status: "True",
    lastTransitionTime: now,
    reason: "InstanceDeletionPending",
    message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  };
  draft.status = { ...status, conditions: [...(status.conditions ?? []), condition] };
}
