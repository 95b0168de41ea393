// The Common Expression Language with Kubernetes' libraries.

export { type CelProgram, type CelResult, compileCel, evaluateCel, evaluateRule } from "./evaluate.ts";
export {
  type AccessAttributes,
  type AccessDecision,
  CelAuthorizer,
  CelResourceCheck,
  type DecideAccess,
} from "./authorizer.ts";
export { type AdmissionScope, admissionVariables, composedVariables } from "./typed/admission.ts";
export { deviceVariables } from "./typed/devices.ts";
export { declare as declareCel, type Declared as CelDeclared } from "./typed/declared.ts";
export { inspectCel, type Inspected as CelInspected } from "./typed/inspect.ts";
export { type CelType, optionalOf as optionalCel } from "./typed/types.ts";
export { parseQuantity, Quantity } from "./quantity.ts";
export { rewriteInitializers } from "./objects.ts";
export { type CelSchema, fromCel, toCel } from "./values.ts";
