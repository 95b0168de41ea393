// Who we are to a cloud: AWS, Azure and Google, as this process or as a ServiceAccount, and what they give us for it.

export { askForJson, reasonOf } from "./answers.ts";
export { assumeRole, type AwsIdentity, awsEndpoint, awsIdentity, type AwsLogin } from "./aws.ts";
export { type AwsCredentials, encodeUri, presignV4, signV4, type SignedRequest } from "./aws-signature.ts";
export { azureClientIdentity, type AzureIdentity, azureIdentity, type AzureMembers } from "./azure.ts";
export { CloudFault, type CloudFaultCode } from "./faults.ts";
export { type GoogleFile, googleFileIdentity, googleIdentity } from "./google.ts";
export { cloudPlatform, type GoogleIdentity } from "./google-access.ts";
export {
  azureRegistryLogin,
  type CloudLogin,
  codeCommitLogin,
  codeCommitRegion,
  elasticLogin,
  googleRegistryLogin,
} from "./registries.ts";
export type { AccountTokens, AskCloud, CloudAnswer, CloudQuestion, CloudServices, CloudToken } from "./services.ts";
