// CustomResourceDefinitions as schemas, and what the API server checks of every object.

export { approvalCondition, approvalErrors } from "./approval.ts";
export { convertNode, convertSchema, customSchemas } from "./convert.ts";
export { applyDefaults } from "./default.ts";
export { storedVersionErrors } from "./definition-details.ts";
export { type CustomKind, customKinds, type PrinterColumn, type ScalePaths } from "./definition.ts";
export {
  causesOf,
  childField,
  type FieldError,
  type FieldErrorType,
  forbidden,
  formatFieldError,
  formatFieldErrorBody,
  formatFieldErrors,
  invalid,
  invalidMessage,
  notSupported,
  required,
  type StatusCause,
} from "./field-error.ts";
export {
  configKeyErrors,
  dns1035Errors,
  labelErrors,
  labelValueErrors,
  type NameRule,
  nameRuleOf,
  pathSegmentErrors,
  qualifiedNameErrors,
  subdomainErrors,
  validateAnnotations,
  validateLabels,
  validateMetadata,
  validateOwnFinalizers,
} from "./names.ts";
export { type Pruned, pruneObject, unknownFieldMessage } from "./prune.ts";
export { type EvaluateRule, hasRules, type RuleInput, validateRules } from "./rules.ts";
export { schemaAt } from "./schema-path.ts";
export { hasFormat } from "./formats.ts";
export { type DefinitionSchema, definitionSchemas, unknownFormats, validateDefinition } from "./validate-definition.ts";
export { validateChange, validateListTypes, validateValue } from "./validate.ts";
export { shownRule } from "./shown-schema.ts";
