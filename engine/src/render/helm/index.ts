// Helm charts, rendered as Helm 4.3.1 renders them, in Node or in a browser. https://helm.sh/docs

export { Fault, type FileTree, formatFault, memoryTree, Missing } from "#kernel";
export { builtinApiVersions, Capabilities, defaultKubeVersion } from "./capabilities.ts";
export {
  type Chart,
  type ChartFile,
  type CustomResource,
  customResources,
  type Dependency,
  type Metadata,
} from "./chart.ts";
export { helmFault, type HelmFaultCode } from "./faults.ts";
export {
  type FunctionEnvironment,
  machineEnvironment,
  seededEnvironment,
} from "./functions/environment.ts";
export {
  compareVersions,
  type Constraints,
  isCompatibleRange,
  parseConstraints,
  parseVersion,
  satisfies,
  type SemanticVersion,
} from "./functions/semver.ts";
export { renderTimeMaxMs } from "./limits.ts";
export {
  dependencyJson,
  formatLock,
  type Lock,
  lockDigest,
  lockDigestOfHelm2,
  lockedDependency,
  lockOf,
} from "./lock.ts";
export { isGzip } from "./archive.ts";
export { checkMetadata, decodeMetadata, readMetadata } from "./metadata.ts";
export { loadChartArchive, loadChartFiles, loadChartTree } from "./load.ts";
export {
  type Hook,
  type HookEvent,
  installOrder,
  type RenderedDocument,
  splitManifests,
  uninstallOrder,
} from "./manifests.ts";
export { chartYaml, type PackedChart, type PackOptions, packChart } from "./package.ts";
export {
  type ChartVersion,
  exactVersion,
  isInRange,
  newestInRange,
} from "./repository-index.ts";
export { formatJson } from "./functions/json.ts";
export { struct, toPlain, unstructuredValues } from "./functions/plain.ts";
export { coalesceValues, copyMap, mergeTables } from "./coalesce.ts";
export type { Lookup } from "./engine.ts";
export { helmPort, type HelmPortOptions, type WantedChart, wantedChart } from "./kustomize-port.ts";
export { checkPresent } from "./dependencies.ts";
export {
  chartDefinitions,
  type ChartRendering,
  formatTemplateOutput,
  type PostRender,
  type PostRenderStrategy,
  renderChart,
  type RenderOptions,
} from "./render.ts";
export { formatGoTime, renderNameTemplate, renderText, showOnly } from "./show-only.ts";
export { setValues, type ValueReader } from "./set.ts";
export { loadValues, mergeValues, type UserValues, userValues } from "./values.ts";
