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
export { dataMisfit } from "./misfits.ts";
export { type Decoded, decodeBuiltin, type DecodeOptions, forgetEmpty, isStatedEmpty } from "./decode.ts";
export {
  autoUpdateAnnotation,
  flowControlGroup,
  mandatoryFlowControl,
  suggestedFlowControl,
} from "./flow-control.ts";
export { containerSums, sumText } from "./pod-resources.ts";
export { canonicalQuantity, quantityNanos } from "./quantity.ts";
