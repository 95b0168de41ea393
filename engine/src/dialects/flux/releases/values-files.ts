// Values beyond Flux: files out of a source, such as the very repository that the release stands in, or a second one; and values
// that SOPS encrypted, in files, in ConfigMaps and in Secrets. Asked for by annotations, since Flux's definition has no fields
// for them.

import type { HelmRelease } from "#api/flux";
import type { ArtifactView, SourceName } from "#artifacts";
import type { Cluster } from "#cluster";
import { type Decryptions, type Masker, withNeeds } from "#delivery";
import { parseYaml } from "#formats/yaml";
import { decodeUtf8, encodeUtf8, faultFrom, formatFault, isObject, type Json, joinPath, textOf } from "#kernel";
import { decryptFile, encryptedFormat, formatOf } from "#secrets/sops";
import { ReleaseKindFault } from "./faults.ts";
import type { ValuesFile } from "./values.ts";
import type { ValuesExtras } from "./values-reader.ts";

/** A YAML list of `{sourceRef: {kind, name, namespace}, path, optional}`; later ones win. */
export const valuesFilesMark = "keelson.dev/values-files";

/** The Secret whose keys open what is encrypted, as a Kustomization's `decryption.secretRef`. */
export const decryptionMark = "keelson.dev/decryption";

type NamedFile = { source: SourceName; path: string; isOptional: boolean };

export type OpenValues = {
  key: string;
  decryptions: Decryptions;
  cluster: Pick<Cluster, "get">;
  /** Learns what was decrypted. */
  masker: Masker;
  sources: Pick<ArtifactView, "get" | "whyNot">;
};

/** The files of a release, decrypted, and what decrypts its other values. Throws ReleaseKindFault. */
export async function openValues(object: HelmRelease, how: OpenValues): Promise<ValuesExtras> {
  const plain = (text: string, label: string): Promise<string> => decrypted(object, how, { text, label });
  const files: ValuesFile[] = [];
  for (const file of filesOf(object)) {
    const text = await readFile(file, how.sources);
    const label = `${file.source.kind}/${file.source.namespace}/${file.source.name} ${file.path}`;
    if (text !== undefined) files.push({ label, text: await plain(text, label) });
  }
  return { files, plain };
}

/** The values files of sources that a release names; none where the list cannot be read. */
export function namedValuesFiles(object: HelmRelease): readonly { source: SourceName; path: string }[] {
  try {
    return filesOf(object);
  } catch {
    return [];
  }
}

/** True when a release takes values from a source. */
export function readsFilesOf(object: HelmRelease, { kind, namespace, name }: SourceName): boolean {
  try {
    return filesOf(object).some(
      ({ source }) => source.kind === kind && source.namespace === namespace && source.name === name,
    );
  } catch {
    return false;
  }
}

function filesOf({ metadata }: HelmRelease): NamedFile[] {
  const text = metadata.annotations?.[valuesFilesMark];
  if (text === undefined) return [];
  const list = parse(text);
  if (!Array.isArray(list)) throw unreadable("is no list");
  return list.map((item) => {
    const [kind, name] = [textOf(item, "sourceRef", "kind"), textOf(item, "sourceRef", "name")];
    const path = joinPath("", textOf(item, "path"));
    if (!isObject(item) || kind === "" || name === "") throw unreadable("an entry names no source");
    if (path === undefined || path === "")
      throw unreadable("an entry has no path, or one that leads out of its source");
    const namespace = textOf(item, "sourceRef", "namespace") || (metadata.namespace ?? "");
    return { source: { kind, namespace, name }, path, isOptional: item["optional"] === true };
  });
}

function parse(text: string): Json {
  try {
    return parseYaml(text);
  } catch (thrown) {
    throw unreadable(faultFrom(thrown).message);
  }
}

function unreadable(message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "values-unresolved",
    disposition: "retry",
    at: valuesFilesMark,
    message,
    hint: "write a YAML list of {sourceRef: {kind, name, namespace}, path, optional}",
  });
}

async function readFile(
  { source, path, isOptional }: NamedFile,
  sources: OpenValues["sources"],
): Promise<string | undefined> {
  const artifact = sources.get(source);
  if (artifact === undefined) throw absent(await sources.whyNot(source));
  const open = await artifact.source.open();
  const bytes = await withNeeds(open, (tree) => (tree.entry(path)?.type === "file" ? tree.read(path) : undefined));
  if (bytes !== undefined) return decodeUtf8(bytes);
  if (isOptional) return undefined;
  throw absent(`${path} is not in ${source.kind} '${source.namespace}/${source.name}'`);
}

function absent(message: string): ReleaseKindFault {
  return new ReleaseKindFault({
    code: "values-unresolved",
    disposition: "retry",
    at: valuesFilesMark,
    message,
    hint: "it is looked at again when the source changes",
  });
}

type Encrypted = { text: string; label: string };

async function decrypted(object: HelmRelease, how: OpenValues, { text, label }: Encrypted): Promise<string> {
  const content = encodeUtf8(text);
  const from = encryptedFormat(content);
  if (from === undefined) return text;
  const { namespace = "", annotations = {} } = object.metadata;
  const name = annotations[decryptionMark] ?? "";
  if (name === "")
    throw locked(
      label,
      "it is encrypted with SOPS, and no key is named",
      `name a Secret by the annotation ${decryptionMark}`,
    );
  const spec = { secret: { namespace, name }, serviceAccount: undefined, mark: "", isMacRequired: false };
  try {
    const keyring = await how.decryptions.keyring(how.key, spec, how.cluster);
    const plain = (await decryptFile(content, { from, to: formatOf("values.yaml") }, keyring.unwrap)).content;
    how.masker.add(plain);
    return decodeUtf8(plain);
  } catch (thrown) {
    throw locked(label, formatFault(thrown), "does one of the keys belong to this file?");
  }
}

function locked(at: string, message: string, hint: string): ReleaseKindFault {
  return new ReleaseKindFault({ code: "values-unresolved", disposition: "retry", at, message, hint });
}
