// What is wrong with objects of Kubernetes' own kinds.

export { addressErrors, addressWarnings, familyOf, networkWarnings } from "./addresses.ts";
export { validateBuiltin } from "./builtin.ts";
export { clusterAddressErrors } from "./cluster-addresses.ts";
export { conditionErrors } from "./conditions.ts";
export { deviceClaimStatusErrors, withoutReturnedDevices } from "./device-claim-status.ts";
export {
  matchResourcesErrors,
  oneOfStated,
  operationRuleErrors,
  parameterErrors,
  parameterKindErrors,
} from "./match-resources.ts";
export { countIndexes, indexBounds, policyInGo as successPolicyInGo } from "./job-policies.ts";
export { selectorErrors, selectorInGo } from "./selectors.ts";
export { balancerHostErrors, balancerPointErrors } from "./services.ts";
export { attachmentStatusErrors } from "./storage.ts";
export { quotaStatusErrors } from "./bounds.ts";
export { nodeAmountErrors, nodeChangeErrors } from "./nodes.ts";
export { webhookClientErrors } from "./webhook-clients.ts";
