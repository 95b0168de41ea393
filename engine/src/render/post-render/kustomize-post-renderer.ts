// Post-rendering: all rendered files as one stream through a transformation, then back into files by an annotation that each
// object carries meanwhile (pkg/action/action.go of Helm 4.3). The transformation here is kustomize, in process: what
// HelmRelease's `postRenderers` ask for, and what a post-renderer program most often runs.

import { baseName, type Json, type JsonObject, isObject, memoryTree, sha256Hex } from "#kernel";
import { compareStrings } from "#formats/gotemplate";
import { formatYaml } from "#formats/yaml";
import { build, readData } from "#render/kustomize";
import { helmFault, type PostRender, splitManifests } from "#render/helm";

/** The fields of a kustomization that may work on a release, in kustomize's own form. */
export type KustomizeFields = JsonObject;

const annotation = "postrenderer.helm.sh/postrender-filename";

/** What a step is made of, as data. */
export type StepData =
  | { kind: "kustomize"; fields: KustomizeFields; files: { [path: string]: string } }
  | { kind: "marks"; marks: Marks };

/** Labels and annotations. */
export type Marks = { labels?: { [key: string]: string }; annotations?: { [key: string]: string } };

/** A transformation of the stream of all objects, with a name that is equal for equal ones. */
export type StreamStep = { id: string; data: StepData; run(stream: string): string };

/** Runs kustomize with these fields over what was rendered; `files` are what patches and components name. */
export function kustomizePostRenderer(fields: KustomizeFields, files: { [path: string]: string } = {}): PostRender {
  return streamPostRenderer([kustomizeStep(fields, files)]);
}

/** One after another over the one stream. */
export function streamPostRenderer(steps: readonly StreamStep[]): PostRender {
  return {
    id: sha256Hex(JSON.stringify(steps.map((step) => step.id))),
    steps: steps.map((step) => step.data),
    run: (rendered, group) => {
      const stream = merge(rendered);
      if (stream === "") return new Map();
      const text = steps.reduce((before, step) => step.run(before), stream);
      return split(text, group === undefined ? "" : `${group}-`);
    },
  };
}

/** Made again of its data, as in another thread. */
export function postRendererOf(steps: readonly StepData[]): PostRender {
  return streamPostRenderer(
    steps.map((step) => (step.kind === "kustomize" ? kustomizeStep(step.fields, step.files) : marksStep(step.marks))),
  );
}

export function kustomizeStep(fields: KustomizeFields, files: { [path: string]: string } = {}): StreamStep {
  return {
    id: sha256Hex(JSON.stringify([fields, files])),
    data: { kind: "kustomize", fields, files },
    run: (stream) => {
      const kustomization = { ...fields, resources: ["all.yaml", ...listOf(fields["resources"])] };
      return buildText(memoryTree({ ...files, "kustomization.yaml": formatYaml(kustomization), "all.yaml": stream }));
    },
  };
}

/** Sets labels and annotations of every object, in its own metadata alone. */
export function marksStep(marks: Marks): StreamStep {
  const given = Object.entries(marks).filter(([, values]) => Object.keys(values).length > 0);
  return {
    id: sha256Hex(JSON.stringify(["marks", marks])),
    data: { kind: "marks", marks },
    run: (stream) =>
      stream
        .split(/^---\n/m)
        .filter((document) => document.trim() !== "")
        .map((document) => {
          const data = readData(document);
          return isObject(data) ? formatYaml(withMarks(data, given)) : document;
        })
        .join("---\n"),
  };
}

function withMarks(data: JsonObject, marks: readonly (readonly [string, { [key: string]: string }])[]): JsonObject {
  const metadata = isObject(data["metadata"]) ? { ...data["metadata"] } : {};
  for (const [member, values] of marks) {
    const before = isObject(metadata[member]) ? metadata[member] : {};
    metadata[member] = { ...before, ...values };
  }
  return { ...data, metadata };
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function buildText(tree: Parameters<typeof build>[0]): string {
  try {
    return build(tree, "", { reorder: "none" }).text;
  } catch (cause) {
    throw helmFault("helm-post-render", "error while running post render on files", { cause });
  }
}

/** All documents of all files, by path, each with the path in an annotation. */
function merge(files: ReadonlyMap<string, string>): string {
  const documents: string[] = [];
  for (const path of [...files.keys()].sort(compareStrings)) {
    if (baseName(path).startsWith("_")) continue;
    for (const content of splitManifests(files.get(path) as string)) {
      const data = read(path, content);
      if (isObject(data)) documents.push(formatYaml(annotated(data, path)));
    }
  }
  return documents.join("---\n");
}

function read(path: string, content: string): Json {
  try {
    return readData(content);
  } catch (cause) {
    throw helmFault("helm-post-render", `error merging manifests: parsing ${path}`, { cause });
  }
}

function annotated(data: JsonObject, path: string): JsonObject {
  const metadata = isObject(data["metadata"]) ? data["metadata"] : {};
  const annotations = isObject(metadata["annotations"]) ? metadata["annotations"] : {};
  return { ...data, metadata: { ...metadata, annotations: { ...annotations, [annotation]: path } } };
}

/** The stream's documents by the file that they came from. */
function split(stream: string, prefix: string): Map<string, string> {
  const files = new Map<string, string[]>();
  for (const [i, document] of stream.split(/^---\n/m).entries()) {
    if (document.trim() === "") continue;
    const { path, text } = withoutAnnotation(document, `generated-by-postrender-${prefix}${i}.yaml`);
    files.set(path, [...(files.get(path) ?? []), text]);
  }
  return new Map([...files].map(([path, documents]) => [path, documents.join("---\n")]));
}

const annotationLine = /^ {4}postrenderer\.helm\.sh\/postrender-filename: (.*)\n/m;

/** Takes the mark out again, and the map of annotations with it where it holds nothing else. */
function withoutAnnotation(document: string, other: string): { path: string; text: string } {
  const line = annotationLine.exec(document);
  if (line === null) return { path: other, text: unfold(document) };
  const text = document.replace(annotationLine, "").replace(/^ {2}annotations:\n(?! {4})/m, "");
  return { path: (line[1] as string).replace(/^(["'])(.*)\1$/, "$2"), text: unfold(text) };
}

/** A key or list item whose value begins on its own line; the place of what follows a dash counts. */
const valueLine = /^((?: |- )*)(?:(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#][^\n]*?):(?: |$))?(.*)$/;

/** Joins lines that were folded: the writer that Helm uses after a post-renderer folds none. */
function unfold(text: string): string {
  const lines = text.split("\n");
  const joined: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    let line = lines[i] as string;
    const [, lead = "", value = ""] = valueLine.exec(line) ?? [];
    if (/^[|>]/.test(value)) {
      joined.push(line);
      // A block stands as it is.
      while (i + 1 < lines.length && (lines[i + 1] === "" || indentOf(lines[i + 1] as string) > indentOf(lead)))
        joined.push(lines[++i] as string);
      continue;
    }
    const column =
      value === "" ? Number.POSITIVE_INFINITY : lead.length - (line === lead + value && lead !== "" ? 1 : 0);
    while (i + 1 < lines.length && lines[i + 1] !== "" && indentOf(lines[i + 1] as string) > column)
      line += ` ${(lines[++i] as string).trimStart().replace(/^\\ /, " ")}`;
    joined.push(line);
  }
  return joined.join("\n");
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
