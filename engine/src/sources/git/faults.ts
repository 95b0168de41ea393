// What can fail between a Git URL and its files.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of Git sources' faults. */
export type GitFaultCode =
  | "git-missing"
  | "git-url-invalid"
  | "git-credentials-invalid"
  | "git-authentication-failed"
  | "git-host-key-rejected"
  | "git-certificate-rejected"
  | "git-unreachable"
  | "git-throttled"
  | "git-redirected"
  | "git-proxy-refused"
  | "git-repository-absent"
  | "git-ref-absent"
  | "git-ref-invalid"
  | "git-timeout"
  | "git-empty"
  | "git-not-spoken"
  | "git-too-large"
  | "git-disk-full"
  | "git-damaged"
  | "git-push-raced"
  | "git-push-refused"
  | "git-failed"
  | "tree-too-large"
  | "file-too-large";

export function gitFault(options: FaultOptions<GitFaultCode>): Fault<GitFaultCode> {
  return new Fault<GitFaultCode>(options);
}

type Rule = { code: GitFaultCode; pattern: RegExp; message: string; hint: string };

/** What git and ssh print, in the order to try; checked with git 2.39 to 2.51 and OpenSSH 9. */
const rules: readonly Rule[] = [
  {
    code: "git-disk-full",
    pattern: /No space left on device|Disk quota exceeded/i,
    message: "the disk is full",
    hint: "free some space in the data folder; what was fetched before stays",
  },
  {
    code: "git-proxy-refused",
    pattern:
      /CONNECT tunnel failed|Proxy CONNECT aborted|HTTP code \d+ from proxy after CONNECT|SOCKS5|Could not resolve proxy|Can't complete SOCKS|the proxy (answered|refuses|cannot)/i,
    message: "the proxy does not let the connection through",
    hint: "check `address`, `username` and `password` in the Secret that `proxySecretRef` names",
  },
  {
    code: "git-throttled",
    pattern: /returned error: 429/,
    message: "the server asks to be left alone for a while",
    hint: "it is asked again later; a longer interval or a webhook needs fewer requests",
  },
  {
    code: "git-redirected",
    pattern: /returned error: 30[12378]|unable to update url base from redirection/,
    message: "the server sends to another address",
    hint: "write the repository's own address into `url`: credentials are not sent to another server",
  },
  {
    code: "git-push-raced",
    pattern: /\[rejected\]|\[remote rejected\].*(failed to lock|cannot lock|incorrect old value|failed to update ref)/,
    message: "somebody else pushed to the branch at the same moment",
    hint: "run it again: it starts from what is there then",
  },
  {
    code: "git-push-refused",
    pattern: /\(branch is currently checked out\)|refusing to update checked out branch/,
    message: "the branch is checked out in that repository",
    hint: "run there: git config receive.denyCurrentBranch updateInstead",
  },
  {
    code: "git-push-refused",
    pattern: /Working directory has (un)?staged changes/i,
    message: "the branch is checked out in that repository, and something is changed there",
    hint: "commit what is changed there, or put it aside",
  },
  {
    code: "git-push-refused",
    pattern: /\[remote rejected\]|pre-receive hook declined|protected branch/i,
    message: "the server does not take the commit",
    hint: "allow this account to push to the branch, or name another branch",
  },
  {
    code: "git-host-key-rejected",
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \S+ host key is known/,
    message: "the SSH server's host key is not among the known hosts",
    hint: "put the output of `ssh-keyscan HOST`, checked, into `known_hosts` of the Secret",
  },
  {
    code: "git-authentication-failed",
    pattern:
      /Authentication failed|could not read (Username|Password)|terminal prompts disabled|Permission denied|HTTP Basic: Access denied|returned error: 40[13]|invalid credentials|Invalid username/i,
    message: "the server refuses these credentials",
    hint: "check the Secret that `secretRef` names: username and password, bearerToken, or identity and known_hosts",
  },
  {
    code: "git-certificate-rejected",
    pattern:
      /SSL certificate problem|certificate verify failed|server certificate verification failed|unable to get local issuer/i,
    message: "the server's certificate is not trusted",
    hint: "put the authority's certificate into `ca.crt` of the Secret",
  },
  {
    code: "git-unreachable",
    pattern:
      /Could not resolve host|Failed to connect|Couldn't connect|Connection (refused|timed out|reset|closed)|No route to host|Network is unreachable|Name or service not known|Temporary failure in name resolution|returned error: 5\d\d|Operation timed out|kex_exchange_identification/i,
    message: "the server cannot be reached",
    hint: "check the URL, the network and the proxy",
  },
  {
    code: "git-ref-absent",
    pattern: /couldn't find remote ref|not our ref|no such remote ref|unadvertised object/i,
    message: "the server does not have what is asked for",
    hint: "check `ref`: the commit may have been removed by a forced push",
  },
  {
    code: "git-not-spoken",
    pattern: /info\/refs not valid|invalid server response|invalid content-type/i,
    message: "what answers at this URL is a page, not a Git server",
    hint: "check the URL; a proxy or a page for signing in may answer in the server's place",
  },
  {
    code: "git-repository-absent",
    pattern:
      /repository .*not found|does not appear to be a git repository|returned error: 404|not a git repository|Repository not found|does not exist|No such file or directory|dubious ownership/i,
    message: "there is no repository at this URL",
    hint: "check the URL; some servers also answer so when the credentials lack access",
  },
  {
    code: "git-damaged",
    pattern:
      /early EOF|index-pack failed|bad pack|inflate|corrupt|unexpected disconnect|remote end hung up|RPC failed|invalid index-pack output|sha1 mismatch|expected flush|protocol error|bad line length|missing blob|unable to read tree|bad object/i,
    message: "what the server sent was incomplete or damaged",
    hint: "it is tried again; if it stays, run `git fsck` on the server's repository",
  },
];

/** The fault that a failed command's complaints stand for. */
export function faultOfComplaints(complaints: string, at: string): Fault<GitFaultCode> {
  const text = redact(complaints);
  const rule = rules.find((candidate) => candidate.pattern.test(text));
  const cause = new Error(lastLines(text));
  if (rule === undefined)
    return gitFault({ code: "git-failed", disposition: "retry", at, message: "git failed", cause });
  return gitFault({ code: rule.code, disposition: "retry", at, message: rule.message, hint: rule.hint, cause });
}

/** Without user names and passwords of URLs, tokens of headers. */
export function redact(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1").replace(/(authorization:\s*\S+\s+)\S+/gi, "$1***");
}

function lastLines(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^(fatal|error|remote|warning): /, "").trim())
    .filter((line) => line !== "" && !/^(hint:|Cloning into|Please make sure|and the repository exists)/.test(line));
  return lines.slice(-3).join("; ").slice(0, 600) || "it gave no reason";
}
