// What may be done to a chart's objects after they are rendered and before they are sorted.

export {
  type KustomizeFields,
  kustomizePostRenderer,
  kustomizeStep,
  type Marks,
  marksStep,
  postRendererOf,
  type StepData,
  streamPostRenderer,
  type StreamStep,
} from "./kustomize-post-renderer.ts";
