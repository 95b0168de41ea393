// Helm charts where they are offered: repositories with an index, and registries.

export { type ChartEntry, type ChartIndex, findVersion, rangeOf, readIndex, readStoredIndex } from "./chart-index.ts";
export { IndexReader, type IndexRead } from "./index-reader.ts";
export { chartFault, type ChartFaultCode } from "./faults.ts";
export { chartMost } from "./limits.ts";
export {
  fetchRegistryChart,
  findRegistryChart,
  pinRegistryChart,
  type RegistryChart,
} from "./registry-charts.ts";
export {
  archiveUrl,
  fetchArchive,
  type FetchedIndex,
  fetchIndex,
  normalizeRepositoryUrl,
  type RepositoryCall,
} from "./repository.ts";
