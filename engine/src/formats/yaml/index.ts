// YAML as Kubernetes' tools read and write it.

export { YamlFault, type YamlFaultCode } from "./faults.ts";
export { forbiddenCharacter } from "./characters.ts";
export { compareKeys } from "./key-order.ts";
export { formatYaml, formatYamlInOrder, type KeyOrder } from "./format.ts";
export { escape as escapeCharacter, textStyle } from "./format-text.ts";
export { formatGoFloat } from "./go-float.ts";
export { isMergeKey, nodeToJson, parseYaml, parseYamlDocuments, type ParseOptions, resolveNode } from "./parse.ts";
export { Composer } from "./compose.ts";
export { type DocumentComments, writeNodes } from "./node-writer.ts";
export { type NodeKind, type ScalarStyle, YamlNode } from "./node.ts";
export { formatTimestamp, isTimestamp, type Resolved, resolvePlain } from "./resolve.ts";
export type { YamlComment } from "./scan.ts";
