// Git repositories as FileTrees: mirrored by the system's git, read by object id, never checked out.

export { type GitAccess, type GitLocation, parseGitUrl } from "./access.ts";
export type { Environment } from "./command.ts";
export { changedPaths } from "./compare.ts";
export {
  composeTree,
  type ComposedFile,
  type ComposeOptions,
  contentHash,
  filesOf,
  itemsOf,
  tidyComposed,
  type TreeItem,
} from "./compose.ts";
export type { GitFaultCode } from "./faults.ts";
export { closeReaders, type OpenTree, openTree, streamLarge } from "./git-tree.ts";
export { compileGlob } from "./glob.ts";
export { handleKey, type TreeHandle } from "./handle.ts";
export { IgnoreRules, type IgnoreSource } from "./ignore.ts";
export { findImport, type ImportedFile, type ImportOptions, importTree } from "./import-tree.ts";
export {
  type FetchedCommit,
  GitMirror,
  GitMirrors,
  type MirrorCall,
  type MirrorsOptions,
  type RawObject,
} from "./mirror.ts";
export { type CommitFacts, type LoggedCommit, parseCommit, readLog } from "./log.ts";
export type { GitReference, ResolvedReference } from "./refs.ts";
export { type CommitOptions, commitFiles, type FileChanges, type PushedCommit, type ReadFile } from "./push.ts";
export { splitCommit, splitTag, tagHeaders, type SignedObject } from "./signed-object.ts";
export { findIgnoreFiles } from "./source-ignore.ts";
export type { Verdict } from "./ssh-signature.ts";
export { type TrustedKeys, verifySignature } from "./verify-signature.ts";
export { watchRefs, type WatchRefsOptions } from "./watch-refs.ts";
