// What install and upgrade take from their flags: the chart and its values, and how the objects are written.

import { parseYaml } from "#formats/yaml";
import { fieldOf } from "#kernel";
import type { ApplyFlags, ChartInput, Release, RenderFlags } from "#releases";
import { usage } from "../arguments.ts";
import {
  type ChartFlags,
  givenValues,
  openChartSource,
  postRenderer,
  type PostRenderFlags,
  type valueFlags,
} from "../chart-source.ts";
import type { FlagValues } from "../command.ts";
import type { Io } from "../io.ts";
import { readDryRun } from "./releases.ts";

type Given = FlagValues<typeof valueFlags> &
  ChartFlags &
  PostRenderFlags & {
    "skip-schema-validation": boolean;
    "render-subchart-notes": boolean;
    "disable-openapi-validation": boolean;
    "take-ownership": boolean;
    "force-replace": boolean;
    force: boolean;
    "force-conflicts": boolean;
    "dry-run": string | undefined;
    "hide-secret": boolean;
    labels: readonly string[];
  };

export async function chartOptions(reference: string, given: Given, io: Io): Promise<ChartInput & RenderFlags> {
  const postRender = await postRenderer(given, io);
  return {
    chart: await openChartSource(reference, given, io),
    given: await givenValues(given, io),
    skipSchemaValidation: given["skip-schema-validation"],
    subNotes: given["render-subchart-notes"],
    ...(postRender === undefined ? {} : { postRender }),
  };
}

export function applyOptions(given: Given): ApplyFlags {
  const forceReplace = given["force-replace"] || given.force;
  if (given["hide-secret"] && !readDryRun(given["dry-run"]))
    throw usage("hiding Kubernetes secrets requires a dry-run mode");
  return {
    forceReplace,
    forceConflicts: given["force-conflicts"],
    disableOpenApiValidation: given["disable-openapi-validation"],
    takeOwnership: given["take-ownership"],
    isDryRun: readDryRun(given["dry-run"]),
    labels: readLabels(given.labels),
  };
}

function readLabels(texts: readonly string[]): { [key: string]: string } {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at === 0) throw usage(`--labels ${JSON.stringify(text)} has no key`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** The release of a dry run as it is printed with `--hide-secret`. */
export function withoutSecrets(release: Release, given: { "hide-secret": boolean }): Release {
  if (!given["hide-secret"]) return release;
  const documents = release.manifest.split(/^(?=---\n# Source: )/m);
  const hidden = "# HIDDEN: The Secret output has been suppressed\n";
  const manifest = documents
    .map((text) => (isSecret(text) ? `${text.split("\n").slice(0, 2).join("\n")}\n${hidden}` : text))
    .join("");
  return { ...release, manifest };
}

function isSecret(text: string): boolean {
  const document = parseYaml(text);
  return fieldOf(document, "kind") === "Secret" && fieldOf(document, "apiVersion") === "v1";
}
