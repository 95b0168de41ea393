// Who we are to a Git host that takes no stored password: a GitHub App, an Azure or an AWS identity. Each ends in credentials
// for one repository that are good for some minutes.

export { awsCredentials, type AwsIdentity, codeCommitLogin, codeCommitRegion } from "./aws.ts";
export { azureToken, type AzureIdentity, devOpsScope } from "./azure.ts";
export type { IdentityFaultCode } from "./faults.ts";
export { type GitHubApp, gitHubAppLogin, isGitHubApp, parseGitHubApp } from "./github-app.ts";
export { type Call, type Login, LoginCache } from "./login.ts";
