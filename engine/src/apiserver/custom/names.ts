// Whether a definition's names are free, and the conditions that say so, in the words of apiextensions-apiserver.

import { approvalCondition } from "#api/crd";
import { equalJson, type Json } from "#kernel";
import type { Condition, Definition, DefinitionNames } from "./definition.ts";

type Status = NonNullable<Definition["status"]>;

/** The status a definition should have beside the others of its group; undefined when it has it. */
export function acceptNames(definition: Definition, others: readonly Definition[], now: string): Status | undefined {
  const wanted = withDefaults(definition.spec.names);
  const taken = others
    .filter((other) => other.spec.group === definition.spec.group)
    .map((other) => other.status?.acceptedNames)
    .filter((names) => names !== undefined);
  const clash = firstClash(wanted, taken);
  const old = definition.status ?? {};
  const isAccepted = clash === undefined;
  const wasEstablished = (old.conditions ?? []).some((one) => one.type === "Established" && one.status === "True");
  const established = wasEstablished || isAccepted;
  const approval = approvalCondition(definition);
  const conditions = [
    ...(approval === undefined ? [] : [approval]),
    condition("NamesAccepted", isAccepted, clash?.reason ?? "NoConflicts", clash?.message ?? "no conflicts found"),
    established
      ? condition("Established", true, "InitialNamesAccepted", "the initial names have been accepted")
      : condition("Established", false, "NotAccepted", "not all names are accepted"),
  ];
  const stored = definition.spec.versions.find((version) => version.storage)?.name;
  const storedVersions = old.storedVersions ?? [];
  const next: Status = {
    ...old,
    conditions: merge(old.conditions ?? [], conditions, now),
    acceptedNames: isAccepted ? wanted : (old.acceptedNames ?? { plural: "", kind: "" }),
    storedVersions:
      stored === undefined || storedVersions.includes(stored) ? storedVersions : [...storedVersions, stored],
  };
  return equalJson(next as unknown as Json, old as unknown as Json) ? undefined : next;
}

function condition(
  type: string,
  isTrue: boolean,
  reason: string,
  message: string,
): Omit<Condition, "lastTransitionTime"> {
  return { type, status: isTrue ? "True" : "False", reason, message };
}

/** Conditions in the order they first appeared; the time moves only with the status. */
function merge(
  old: readonly Condition[],
  next: readonly Omit<Condition, "lastTransitionTime">[],
  now: string,
): Condition[] {
  const merged = [...old];
  for (const one of next) {
    const index = merged.findIndex((other) => other.type === one.type);
    const before = merged[index];
    const lastTransitionTime = before !== undefined && before.status === one.status ? before.lastTransitionTime : now;
    const { type, status, reason, message } = one;
    const entry = { type, status, lastTransitionTime, reason, message };
    if (index < 0) merged.push(entry);
    else merged[index] = entry;
  }
  return merged;
}

/** singular and listKind default as the API's own defaulting does. */
function withDefaults(names: DefinitionNames): DefinitionNames {
  return {
    ...names,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
  };
}

function firstClash(
  wanted: DefinitionNames,
  taken: readonly DefinitionNames[],
): { reason: string; message: string } | undefined {
  const words = new Set(taken.flatMap((names) => [names.plural, names.singular, ...(names.shortNames ?? [])]));
  const kinds = new Set(taken.flatMap((names) => [names.kind, names.listKind]));
  const checks: [string, string | undefined, ReadonlySet<string | undefined>][] = [
    ["PluralConflict", wanted.plural, words],
    ["SingularConflict", wanted.singular, words],
    ...(wanted.shortNames ?? []).map((name): [string, string, typeof words] => ["ShortNamesConflict", name, words]),
    ["KindConflict", wanted.kind, kinds],
    ["ListKindConflict", wanted.listKind, kinds],
  ];
  const found = checks.find(([, name, set]) => name !== undefined && set.has(name));
  return found === undefined ? undefined : { reason: found[0], message: `"${found[1]}" is already in use` };
}
