// The built-in kinds of Kubernetes: what is served, and the schema of each, from one generated text.

export {
  builtinKinds,
  type BuiltinResource,
  builtinResources,
  builtinSchemaNames,
  builtinSchemas,
  type BuiltinSubresource,
  builtinVersion,
  schemaFor,
} from "./builtin.ts";
export { type Decoded, decodeBuiltin, type DecodeOptions, forgetEmpty } from "./decode.ts";
export { pullPolicy } from "./defaults.ts";
export {
  autoUpdateAnnotation,
  flowControlGroup,
  mandatoryFlowControl,
  suggestedFlowControl,
} from "./flow-control.ts";
export { canonicalQuantity, quantityNanos } from "./quantity.ts";
