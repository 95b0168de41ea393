// Kustomize, to the letter of v5.8.2.

export { Fault, type FileTree, formatFault, memoryTree, Missing, type Rendering } from "#kernel";
export { build, type BuildOptions, type BuildResult, kustomizeVersion } from "./build.ts";
export type { HelmPort, HelmRequest } from "./context.ts";
export type { KustomizeFaultCode } from "./faults.ts";
export { type HelmChart, type HelmGlobals, readKnownFields } from "./kustomization.ts";
export type { LocalPaths, RemoteContent, RemotePort } from "./loader.ts";
export { formatRemote, parseRemote, type RemoteSpec } from "./remote.ts";
export { readData } from "./read.ts";
