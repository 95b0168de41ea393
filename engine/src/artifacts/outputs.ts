// The outputs of an ArtifactGenerator: as its spec lists them, or, with a `pathPattern`, once for each folder that matches,
// the captures put into names, paths and labels.

import type { ArtifactGeneratorSpec } from "#api/flux";
import { artifactFault } from "./faults.ts";
import type { SourceFiles } from "./generate.ts";

export type Output = ArtifactGeneratorSpec["artifacts"][number] & { labels: Record<string, string> };

export function outputsOf(spec: ArtifactGeneratorSpec, sources: ReadonlyMap<string, SourceFiles>): Output[] {
  if (spec.pathPattern === undefined || spec.pathPattern === "")
    return spec.artifacts.map((output) => ({ ...output, labels: {} }));
  const [, alias = "", pattern = ""] = /^@([^/]+)\/(.+)$/.exec(spec.pathPattern) ?? [];
  const source = sources.get(alias);
  if (source === undefined) throw invalid(spec.pathPattern, `names no source; it is written @alias/folder/{name}`);
  const { test, names } = compilePattern(pattern, spec.pathPattern);
  const seen = new Map<string, string>();
  const outputs: Output[] = [];
  for (const folder of foldersOf(source)) {
    const match = test.exec(folder);
    if (match === null) continue;
    const raw = Object.fromEntries(names.map((name, i) => [name, match[i + 1] ?? ""]));
    const labels = Object.fromEntries(names.map((name) => [name, (raw[name] ?? "").toLowerCase()]));
    for (const [name, value] of Object.entries(labels))
      if (!/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/.test(value))
        throw invalid(spec.pathPattern, `finds ${name}=${value}, which is no label value`);
    for (const output of spec.artifacts)
      outputs.push(rendered(output, { folder, raw, labels }, seen, spec.pathPattern));
  }
  return outputs;
}

/** `apps/{app}` as an expression with a group for each capture; a capture is one part of the path. */
function compilePattern(pattern: string, whole: string): { test: RegExp; names: string[] } {
  const names: string[] = [];
  const text = pattern
    .split(/(\{[^{}]*\})/)
    .map((piece) => {
      if (!piece.startsWith("{")) {
        if (/[{}]/.test(piece)) throw invalid(whole, "has a brace without its other");
        return piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      }
      const name = piece.slice(1, -1);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalid(whole, `has the capture {${name}}, which is no name`);
      if (names.includes(name)) throw invalid(whole, `has the capture {${name}} twice`);
      names.push(name);
      return "([^/]+)";
    })
    .join("");
  return { test: new RegExp(`^${text}$`), names };
}

function foldersOf(source: SourceFiles): string[] {
  const folders = new Set<string>();
  for (const { path } of source.files)
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      folders.add(path.slice(0, slash));
  return [...folders].sort();
}

type Match = { folder: string; raw: Record<string, string>; labels: Record<string, string> };

function rendered(
  output: ArtifactGeneratorSpec["artifacts"][number],
  match: Match,
  seen: Map<string, string>,
  whole: string,
): Output {
  const fill = (text: string, values: Record<string, string>): string =>
    text.replace(/\{([^{}]*)\}/g, (_all, name: string) => {
      const value = values[name];
      if (value === undefined) throw invalid(whole, `does not define the capture {${name}} that ${text} uses`);
      return value;
    });
  const name = fill(output.name, match.labels);
  const other = seen.get(name);
  if (other !== undefined) throw invalid(whole, `gives ${other} and ${match.folder} the same name ${name}`);
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name))
    throw invalid(whole, `gives the name ${name}, which is no object name`);
  seen.set(name, match.folder);
  const copy = output.copy.map((step) => ({ ...step, from: fill(step.from, match.raw), to: fill(step.to, match.raw) }));
  return { ...output, name, copy, labels: match.labels };
}

function invalid(pattern: string, what: string): Error {
  return artifactFault({
    code: "spec-invalid",
    disposition: "stall",
    at: "spec.pathPattern",
    message: `${pattern} ${what}`,
  });
}
