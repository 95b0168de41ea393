// Where a chart states the objects of a release: the template that each was rendered from, as the comment tells that Helm writes
// before each document, and the line in that template that names the kind.

import { parseYaml } from "#formats/yaml";
import { isObject, type Json, refKey, splitApiVersion, textOf } from "#kernel";
import type { Release } from "#releases";
import { splitManifests } from "#render/helm";

/** `path` begins with the chart's name: `podinfo/templates/deployment.yaml`. */
export type TemplatePlace = { path: string; line: number };

/** By refKey; objects that name no namespace have the release's too. */
export function templatesOf({ manifest, namespace, chart }: Release): Map<string, TemplatePlace> {
  const texts = new Map((chart.templates ?? []).map(({ name, data }) => [name, data]));
  const places = new Map<string, TemplatePlace>();
  for (const document of splitManifests(manifest)) {
    const path = /^# Source: (.+)$/m.exec(document)?.[1]?.trim();
    if (path === undefined) continue;
    const own = texts.get(path.slice(path.indexOf("/") + 1));
    for (const object of objectsIn(document)) {
      const [kind, name] = [textOf(object, "kind"), textOf(object, "metadata", "name")];
      const place = { path, line: own === undefined ? 1 : lineOf(own, kind) };
      const { group } = splitApiVersion(textOf(object, "apiVersion"));
      const stated = textOf(object, "metadata", "namespace");
      for (const each of stated === "" ? ["", namespace] : [stated])
        places.set(refKey({ group, kind, namespace: each, name }), place);
    }
  }
  return places;
}

function objectsIn(document: string): Json[] {
  try {
    return membersOf(parseYaml(document));
  } catch {
    return [];
  }
}

function membersOf(data: Json): Json[] {
  if (!isObject(data)) return [];
  const items = data["items"];
  return textOf(data, "kind").endsWith("List") && Array.isArray(items) ? items.flatMap(membersOf) : [data];
}

/** Where a template, base64, names a kind; its first line where it does not by itself. */
function lineOf(template: string, kind: string): number {
  const lines = Buffer.from(template, "base64").toString("utf8").split("\n");
  const at = lines.findIndex((line) => /^\s*kind:\s*["']?(\w+)["']?\s*$/.exec(line)?.[1] === kind);
  return at < 0 ? 1 : at + 1;
}
