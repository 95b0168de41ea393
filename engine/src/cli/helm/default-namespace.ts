// The namespace of a release where no flag names one, as Helm finds it also when it asks no cluster: $HELM_NAMESPACE, else that of the
// kubeconfig's context, else "default". Reads no more of a kubeconfig than that.

import { readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { parseYaml } from "#formats/yaml";
import { fieldOf, type Json, textOf } from "#kernel";
import type { Io } from "../io.ts";

export function defaultNamespace(
  flags: { namespace: string | undefined; kubeconfig: string | undefined; "kube-context": string | undefined },
  io: Io,
): string {
  const named = flags.namespace ?? io.env["HELM_NAMESPACE"] ?? "";
  if (named !== "") return named;
  const configs = kubeconfigs(flags.kubeconfig, io);
  const wanted = flags["kube-context"] ?? io.env["HELM_KUBECONTEXT"] ?? "";
  // The first file that says something counts.
  const context = wanted || configs.map((config) => textOf(config, "current-context")).find(Boolean);
  for (const config of configs) {
    const contexts = fieldOf(config, "contexts");
    const found = Array.isArray(contexts) ? contexts.find((one) => fieldOf(one, "name") === context) : undefined;
    if (found !== undefined) return textOf(found, "context", "namespace") || "default";
  }
  return "default";
}

function kubeconfigs(flag: string | undefined, io: Io): Json[] {
  const listed = (io.env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  const paths = flag !== undefined ? [flag] : listed.length > 0 ? listed : [join(io.home, ".kube", "config")];
  return paths.flatMap((path) => {
    try {
      return [parseYaml(readFileSync(resolve(io.folder, path), "utf8"))];
    } catch {
      // Rendering needs no cluster: what cannot be read names no namespace.
      return [];
    }
  });
}
