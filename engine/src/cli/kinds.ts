// The kinds that commands know by name, with flux's words for them.

import {
  helmGroup,
  imageGroup,
  kustomizeGroup,
  notificationGroup,
  sourceExtensionsGroup,
  sourceGroup,
} from "#api/flux";
import { type Manifest, shortRevision } from "#kernel";
import { usage } from "./arguments.ts";
import { isSuspended, readiness, revisionOf, textOf } from "./flux-objects.ts";
import { nearest } from "./nearest.ts";

export type KnownKind = {
  group: string;
  kind: string;
  /** What a person types, the first is the canonical one: `kustomizations`, `source git`. */
  words: readonly string[];
  /** The columns between NAME and MESSAGE that the kind has of its own. */
  columns: readonly KindColumn[];
};

export type KindColumn = { header: string; isWide?: boolean; cell(object: Manifest): string };

const revision: KindColumn = { header: "REVISION", cell: revisionOf };
const suspended: KindColumn = { header: "SUSPENDED", cell: (object) => (isSuspended(object) ? "True" : "False") };
const ready: KindColumn = { header: "READY", cell: (object) => readiness(object).ready };
const standard = [revision, suspended, ready];
const url: KindColumn = { header: "URL", isWide: true, cell: (object) => textOf(object, "spec", "url") };
const path: KindColumn = { header: "PATH", isWide: true, cell: (object) => textOf(object, "spec", "path") };

function column(header: string, ...fields: readonly string[]): KindColumn {
  return { header, cell: (object) => shortRevision(textOf(object, ...fields)) };
}

function source(kind: string, ...names: readonly string[]): KnownKind {
  const words = names.flatMap((name) => [`sources ${name}`, `source ${name}`]);
  return { group: sourceGroup, kind, words, columns: [...standard, url] };
}

export const knownKinds: readonly KnownKind[] = [
  source("GitRepository", "git"),
  source("OCIRepository", "oci"),
  source("Bucket", "bucket"),
  source("HelmRepository", "helm"),
  source("HelmChart", "chart"),
  source("ExternalArtifact", "external"),
  {
    group: sourceExtensionsGroup,
    kind: "ArtifactGenerator",
    words: ["artifacts generators", "artifact generator", "artifactgenerators", "artifactgenerator"],
    columns: [suspended, ready],
  },
  {
    group: kustomizeGroup,
    kind: "Kustomization",
    words: ["kustomizations", "kustomization", "ks"],
    columns: [...standard, path],
  },
  {
    group: helmGroup,
    kind: "HelmRelease",
    words: ["helmreleases", "helmrelease", "hr"],
    columns: standard,
  },
  {
    group: imageGroup,
    kind: "ImageRepository",
    words: ["images repository", "image repository"],
    columns: [column("LAST SCAN", "status", "lastScanResult", "scanTime"), suspended, ready],
  },
  {
    group: imageGroup,
    kind: "ImagePolicy",
    words: ["images policy", "image policy"],
    columns: [
      column("IMAGE", "status", "latestRef", "name"),
      column("TAG", "status", "latestRef", "tag"),
      suspended,
      ready,
    ],
  },
  {
    group: imageGroup,
    kind: "ImageUpdateAutomation",
    words: ["images update", "image update"],
    columns: [column("LAST RUN", "status", "lastAutomationRunTime"), suspended, ready],
  },
  { group: notificationGroup, kind: "Receiver", words: ["receivers", "receiver"], columns: [suspended, ready] },
  {
    group: notificationGroup,
    kind: "Provider",
    words: ["alert-providers", "alert-provider"],
    columns: [suspended, { header: "READY", cell: () => "True" }],
  },
  {
    group: notificationGroup,
    kind: "Alert",
    words: ["alerts", "alert"],
    columns: [suspended, { header: "READY", cell: () => "True" }],
  },
];

const groupsOfKinds: Readonly<Record<string, (kind: KnownKind) => boolean>> = {
  all: () => true,
  "sources all": (kind) => kind.group === sourceGroup,
  "source all": (kind) => kind.group === sourceGroup,
  "images all": (kind) => kind.group === imageGroup,
  "image all": (kind) => kind.group === imageGroup,
};

export type ChosenKinds = { kinds: readonly KnownKind[]; isMany: boolean; rest: readonly string[] };

/** Reads the kind (or a word for several) at the start of a command's arguments. `verb` names the command in messages. */
export function chooseKinds(args: readonly string[], verb: string): ChosenKinds {
  for (const length of [2, 1]) {
    const word = args.slice(0, length).join(" ").toLowerCase();
    const several = groupsOfKinds[word];
    const rest = args.slice(length);
    if (several !== undefined) return { kinds: knownKinds.filter(several), isMany: true, rest };
    const kind = knownKinds.find((known) => isWordFor(known, word));
    if (kind !== undefined) return { kinds: [kind], isMany: false, rest };
  }
  throw unknownKind(args, verb);
}

/** As `chooseKinds`, for one kind alone. */
export function chooseKind(args: readonly string[], verb: string): { kind: KnownKind; rest: readonly string[] } {
  const { kinds, isMany, rest } = chooseKinds(args, verb);
  const kind = kinds[0];
  if (isMany || kind === undefined) throw unknownKind(args, verb);
  return { kind, rest };
}

/** What commands about one delivery take for its kind, beside flux's other words. */
export const deliveryWords = ["kustomization", "helmrelease"] as const;

/** Reads the arguments of a command about one delivery: its kind, its name. */
export function chooseDelivery(args: readonly string[], verb: string): { kind: KnownKind; name: string } {
  const kind = knownKinds.find((known) => isDelivery(known) && isWordFor(known, args[0] ?? ""));
  if (kind === undefined) throw unknownDelivery(args[0] ?? "", verb);
  const name = args[1];
  if (name === undefined) throw usage(`${verb} which ${kind.kind}?`, `keelson ${verb} ${kind.kind.toLowerCase()} NAME`);
  return { kind, name };
}

function isDelivery({ words }: KnownKind): boolean {
  return deliveryWords.some((word) => words.includes(word));
}

function isWordFor(known: KnownKind, word: string): boolean {
  return known.words.includes(word.toLowerCase()) || isKindName(known, word.toLowerCase());
}

/** `gitrepository`, `gitrepositories` and `GitRepository` name a kind too, as kubectl would. */
function isKindName(known: KnownKind, word: string): boolean {
  const kind = known.kind.toLowerCase();
  return word === kind || word === `${kind}s` || (kind.endsWith("y") && word === `${kind.slice(0, -1)}ies`);
}

function unknownKind(args: readonly string[], verb: string): Error {
  const words = knownKinds.flatMap((known) => known.words);
  const asked = args.join(" ");
  const near = nearest(asked, words) ?? nearest(args[0] ?? "", words);
  if (near !== undefined)
    return usage(`${verb} what? ${JSON.stringify(asked)} is no kind`, `did you mean \`${near}\`?`);
  const first = knownKinds.map((known) => known.words[0] ?? "").join(", ");
  return usage(
    asked === "" ? `${verb} what?` : `${verb} what? ${JSON.stringify(asked)} is no kind`,
    `one of: ${first}`,
  );
}

function unknownDelivery(word: string, verb: string): Error {
  const near = nearest(word, deliveryWords);
  const hint = near === undefined ? `one of: ${deliveryWords.join(", ")}` : `did you mean \`${near}\`?`;
  return usage(`${verb} what? ${JSON.stringify(word)} is no delivery`, hint);
}
