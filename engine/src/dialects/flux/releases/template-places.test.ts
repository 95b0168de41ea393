import { describe, expect, it } from "vitest";
import type { Release } from "#releases";
import { templatesOf } from "./template-places.ts";

const template = (text: string): string => Buffer.from(text).toString("base64");

const release = {
  namespace: "shop",
  manifest: [
    "---\n# Source: web/templates/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n",
    "---\n# Source: web/templates/two.yaml\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: other}}\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n",
    "---\n# Source: web/charts/db/templates/set.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n",
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-a-post-renderer}\n",
  ].join(""),
  chart: {
    templates: [
      { name: "templates/settings.yaml", data: template("{{- if .Values.on }}\napiVersion: v1\nkind: ConfigMap\n") },
      { name: "templates/two.yaml", data: template('kind: "Service"\n---\nkind: {{ .Values.kind }}\n') },
    ],
  },
} as unknown as Release;

describe("the templates of a release", () => {
  it("are told by the comments in its manifest, with the line that names the kind", () => {
    const found = [...templatesOf(release)].map(
      ([key, { path, line }]) => `${key.split("\0").join("/")} ${path}:${line}`,
    );
    expect(found.sort()).toEqual(
      [
        "/ConfigMap//settings web/templates/settings.yaml:3",
        "/ConfigMap/shop/settings web/templates/settings.yaml:3",
        "/Service/other/a web/templates/two.yaml:1",
        "apps/Deployment//a web/templates/two.yaml:1",
        "apps/Deployment/shop/a web/templates/two.yaml:1",
        "apps/StatefulSet//db web/charts/db/templates/set.yaml:1",
        "apps/StatefulSet/shop/db web/charts/db/templates/set.yaml:1",
      ].sort(),
    );
  });
});
