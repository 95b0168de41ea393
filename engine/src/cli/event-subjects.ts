// Whose Events `events --for` shows: those of the object named, and of what it refers to, as `flux events` does: the source
// of a Kustomization, of a HelmRelease its source and chart, the Provider of an Alert (flux2 2.9, cmd/flux/events.go).

import type { Cluster, Discovery } from "#cluster";
import { fieldOf, type Manifest, textOf } from "#kernel";
import { valueIfFound } from "./answers.ts";
import { usage } from "./arguments.ts";
import { knownKinds } from "./kinds.ts";

/** Objects whose Events are meant: all of a kind where there is no name, in every namespace where that is "". */
export type Subject = { kind: string; name: string; namespace: string };

/** What a kind refers to; `kind` where the reference does not name it. */
type Reference = { path: readonly string[]; kind?: string; isLocal?: boolean };

const references: { readonly [kind: string]: readonly Reference[] } = {
  Kustomization: [{ path: ["spec", "sourceRef"] }],
  HelmRelease: [{ path: ["spec", "chart", "spec", "sourceRef"] }, { path: ["spec", "chartRef"] }],
  HelmChart: [{ path: ["spec", "sourceRef"] }],
  ImagePolicy: [{ path: ["spec", "imageRepositoryRef"], kind: "ImageRepository" }],
  Alert: [{ path: ["spec", "providerRef"], kind: "Provider", isLocal: true }],
};

export type Asked = {
  /** `KIND` or `KIND/NAME`. */
  text: string;
  /** Where the object is looked up. */
  namespace: string;
  isEverywhere: boolean;
};

/** The subjects of `--for`, the one asked for first. An object that is gone may have left Events. */
export async function subjectsOf(cluster: Cluster, discovery: Discovery, asked: Asked): Promise<Subject[]> {
  const { text, namespace, isEverywhere } = asked;
  const slash = text.indexOf("/");
  const [word, name] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash + 1)];
  const known = knownKinds.find((each) => isNamed(each, word.toLowerCase()));
  if (name === "" && (slash >= 0 || known === undefined))
    throw usage(`--for cannot be ${JSON.stringify(text)}`, "KIND or KIND/NAME, for example Kustomization/apps");
  const kind = known?.kind ?? word;
  const own = { kind, name, namespace: isEverywhere ? "" : namespace };
  const resource = known === undefined ? undefined : discovery.byKind(known.group, known.kind);
  if (name === "" || references[kind] === undefined || resource === undefined) return [own];
  const object = valueIfFound(await cluster.get({ resource, namespace, name }), `reading ${kind} ${namespace}/${name}`);
  return object === undefined ? [own] : [own, ...referredTo(object)];
}

function isNamed({ words, kind }: (typeof knownKinds)[number], word: string): boolean {
  return words.includes(word) || kind.toLowerCase() === word;
}

function referredTo(object: Manifest): Subject[] {
  const { name: ownName, namespace: ownNamespace = "" } = object.metadata;
  const found: Subject[] = [];
  for (const { path, kind, isLocal } of references[object.kind] ?? []) {
    if (fieldOf(object, ...path) === undefined) continue;
    const named = textOf(object, ...path, "namespace");
    const namespace = isLocal === true || named === "" ? ownNamespace : named;
    found.push({ kind: kind ?? textOf(object, ...path, "kind"), name: textOf(object, ...path, "name"), namespace });
    // The chart that the release has made stands beside its source.
    if (object.kind === "HelmRelease" && path.includes("chart"))
      found.push({ kind: "HelmChart", name: `${ownNamespace}-${ownName}`, namespace });
  }
  return found;
}
