// Which names mean a repository or a file elsewhere, and which part of one is a folder in it (api/internal/git/repospec.go).

export type RemoteSpec = {
  repository: string;
  folder: string;
  /** A branch, tag or commit; "" for the repository's own head. */
  ref: string;
  hasSubmodules: boolean;
  timeoutMs: number;
};

/** kustomize's own default for one git command. */
const defaultTimeoutMs = 27_000;

export function isRemoteFile(path: string): boolean {
  return /^https?:\/\//i.test(path) && URL_LIKE.test(path);
}

const URL_LIKE = /^https?:\/\/[^/\s]+/i;

const schemes = ["ssh://", "https://", "http://", "file://"];

/** The parts of a remote base; undefined when the name is no such thing. */
export function parseRemote(name: string): RemoteSpec | undefined {
  if (name.startsWith("/")) return undefined;
  const question = name.indexOf("?");
  const address = question < 0 ? name : name.slice(0, question);
  const host = splitHost(address.replace(/^git::/i, ""));
  if (host === undefined) return undefined;
  const parts = splitFolder(host.rest, host.scheme === "file://");
  if (parts === undefined || parts.repository === "") return undefined;
  const folder = parts.folder.replace(/^\//, "");
  if (leavesRepository(folder)) return undefined;
  const query = readQuery(question < 0 ? "" : name.slice(question + 1));
  return { repository: host.host + parts.repository, folder, ...query };
}

type Query = { ref: string; hasSubmodules: boolean; timeoutMs: number };

/** A query with anything amiss counts for nothing, as a whole. */
function readQuery(query: string): Query {
  const values = parseQuery(query) ?? new Map<string, string>();
  const submodules = values.get("submodules") ?? "";
  return {
    ref: values.get("ref") || values.get("version") || "",
    hasSubmodules: !/^(?:0|f|F|false|FALSE|False)$/.test(submodules),
    timeoutMs: parseTimeout(values.get("timeout") ?? "") ?? defaultTimeoutMs,
  };
}

function parseQuery(query: string): Map<string, string> | undefined {
  const values = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    if (pair.includes(";") || /%(?![0-9A-Fa-f]{2})/.test(pair)) return undefined;
    const [name = "", ...rest] = pair.split("=").map((part) => decodeQuery(part));
    // Of two values the first counts.
    if (!values.has(name)) values.set(name, rest.join("="));
  }
  return values;
}

function decodeQuery(text: string): string {
  const plain = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

const unitMs: { readonly [unit: string]: number } = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Whole seconds, or a duration of Go; undefined for what is neither or not above zero. */
function parseTimeout(text: string): number | undefined {
  if (/^\+?\d+$/.test(text)) return Number(text) > 0 ? Number(text) * 1_000 : undefined;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(h|ms|m|s|us|µs|ns)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text.replace(/^\+/, "")) return undefined;
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] as string] as number), 0);
  return total > 0 ? total : undefined;
}

type Host = { scheme: string; host: string; rest: string };

function splitHost(address: string): Host | undefined {
  const lower = address.toLowerCase();
  const scheme = schemes.find((one) => lower.startsWith(one)) ?? "";
  let rest = address.slice(scheme.length);
  const user = /^[a-zA-Z][a-zA-Z0-9-]*@/.exec(rest)?.[0] ?? "";
  rest = rest.slice(user.length);
  const isGithub = /^github\.com[/:]/i.test(rest);
  const isScp = scheme === "" && (user !== "" || isGithub);
  if (scheme === "" && !isScp) return undefined;
  if (scheme === "file://") return { scheme, host: scheme, rest: user + rest };
  const end = separator(rest, isScp);
  const host = end < 0 ? rest : rest.slice(0, end + 1);
  const path = end < 0 ? "" : rest.slice(end + 1);
  if (host === "") return undefined;
  if (!isGithub) return { scheme, host: scheme + user + host, rest: path };
  const isSsh = scheme === "ssh://" || user !== "";
  return { scheme, host: isSsh ? `${user}github.com:` : "https://github.com/", rest: path };
}

function separator(text: string, isScp: boolean): number {
  const slash = text.indexOf("/");
  const colon = isScp ? text.indexOf(":") : -1;
  return slash === -1 || (colon > 0 && colon < slash) ? (isScp ? colon : slash) : slash;
}

function splitFolder(path: string, isFile: boolean): { repository: string; folder: string } | undefined {
  const azure = path.indexOf("_git/");
  if (azure >= 0) {
    const [first = "", ...more] = path.slice(azure + 5).split("/");
    return { repository: path.slice(0, azure + 5) + first, folder: more.join("/") };
  }
  const double = path.indexOf("//");
  if (double >= 0) return { repository: path.slice(0, double), folder: path.slice(double + 2) };
  const suffix = path.indexOf(".git");
  if (suffix >= 0) return { repository: path.slice(0, suffix + 4), folder: path.slice(suffix + 4) };
  if (isFile) return { repository: path, folder: "" };
  const segments = path.split("/");
  if (segments.length < 2) return undefined;
  return { repository: segments.slice(0, 2).join("/"), folder: segments.slice(2).join("/") };
}

function leavesRepository(folder: string): boolean {
  let depth = 0;
  for (const part of folder.split("/")) {
    if (part === "" || part === ".") continue;
    depth += part === ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

/** A remote's URL without credentials, for inputs and messages. */
export function formatRemote(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1");
}
