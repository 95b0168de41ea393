// What is done to a release's objects after they are rendered: the post-renderers of the spec, then common metadata, then the
// origin labels, which win (helm-controller 1.6, internal/postrender).

import type { HelmRelease } from "#api/flux";
import type { JsonObject } from "#kernel";
import type { PostRender } from "#render/helm";
import { kustomizeStep, marksStep, streamPostRenderer, type StreamStep } from "#render/post-render";
import { originNameLabel, originNamespaceLabel } from "./names.ts";

export function postRenderOf(object: HelmRelease): PostRender {
  const { postRenderers = [], commonMetadata } = object.spec;
  const steps: StreamStep[] = postRenderers.flatMap(({ kustomize }) =>
    kustomize === undefined ? [] : [kustomizeStep(fieldsOf(kustomize))],
  );
  if (commonMetadata !== undefined) steps.push(marksStep(commonMetadata));
  return streamPostRenderer([...steps, marksStep({ labels: originLabels(object) })]);
}

function fieldsOf({ patches = [], images = [] }: { patches?: JsonObject[]; images?: JsonObject[] }): JsonObject {
  return {
    ...(patches.length === 0 ? {} : { patches }),
    ...(images.length === 0 ? {} : { images }),
  };
}

export function originLabels({ metadata }: HelmRelease): { [label: string]: string } {
  return { [originNameLabel]: metadata.name, [originNamespaceLabel]: metadata.namespace ?? "" };
}
