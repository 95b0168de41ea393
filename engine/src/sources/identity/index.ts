// Who we are to a Git host that takes no stored password: a GitHub App. And what is short-lived, kept until it ends.

export type { IdentityFaultCode } from "./faults.ts";
export { type GitHubApp, gitHubAppLogin, isGitHubApp, parseGitHubApp } from "./github-app.ts";
export { type Call, type Login, LoginCache } from "./login.ts";
