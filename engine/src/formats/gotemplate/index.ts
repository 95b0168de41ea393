// Go's text/template (Go 1.26): parsed once, compiled to closures, with Go's types, errors and fmt.
// https://pkg.go.dev/text/template

export { byteLength, bytesOf, compareStrings, isAscii, sliceBytes, stringOf, toValidText } from "./bytes.ts";
export { builtins, escapeHtml, escapeQuery } from "./builtins.ts";
export { equalsAny, isLess } from "./comparison.ts";
export {
  GoError,
  TemplateExecError,
  type TemplateFaultCode,
  TemplateLimitError,
  TemplateStackError,
  TemplateParseError,
} from "./faults.ts";
export {
  define,
  defineScoped,
  defineUncallable,
  type FunctionTable,
  type GoFunction,
  type ParameterType,
} from "./functions.ts";
export { printValue, quote, quoteCharacter, sortedKeys, sprint } from "./print.ts";
export { sprintf } from "./printf.ts";
export { type Budget, type MissingKey, newBudget, TemplateSet } from "./runtime.ts";
export { addTemplate, executeTemplate, type ExecuteOptions, functionMap } from "./template.ts";
export {
  Bytes,
  type GoMap,
  GoObject,
  goTypeOf,
  int64,
  Integer,
  type IntegerKind,
  isList,
  isMap,
  isNilContainer,
  isTrue,
  type Kind,
  kindOf,
  mapGet,
  mapSet,
  namedList,
  namedMap,
  nilContainer,
  strings,
  typed,
  type Value,
} from "./values.ts";
