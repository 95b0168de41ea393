// A chart repository over HTTP: its index and its archives. Credentials go to the repository's own host and port, to
// others only where the object says so. https://helm.sh/docs/topics/chart_repository

import { createHash } from "node:crypto";
import { type HttpAccess, type HttpClient, refusal, textBytesOf } from "#sources/http";
import type { ChartEntry } from "./chart-index.ts";
import { chartFault } from "./faults.ts";
import { chartMost, indexMost } from "./limits.ts";

/** How one object reaches its repository. */
export type RepositoryCall = {
  access: HttpAccess;
  login?: { username: string; password: string };
  /** Sends the login to other hosts as well. */
  passesCredentials?: boolean;
  signal: AbortSignal;
  timeoutMs: number;
};

/** The URL with one slash at its end; throws Fault `chart-url-invalid`. A registry's has none. */
export function normalizeRepositoryUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(https?|oci):$/.test(parsed.protocol) || parsed.host === "") throw invalidUrl(url);
  if (parsed.protocol === "oci:") return url.replace(/\/+$/, "");
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, "")}/`;
  return parsed.href;
}

function invalidUrl(url: string): Error {
  return chartFault({
    code: "chart-url-invalid",
    disposition: "stall",
    at: url.replace(/\/\/[^/@]*@/, "//").slice(0, 200),
    message: "this is no chart repository's URL",
    hint: "write https://host/path, or oci://host/path",
  });
}

/** An index, and the entity tag that the server gave it. */
export type FetchedIndex = { bytes: Buffer; mark: string | undefined };

/** index.yaml as the server has it; undefined when it still is what `mark` names. */
export async function fetchIndex(
  client: HttpClient,
  repository: string,
  call: RepositoryCall,
  mark?: string,
): Promise<FetchedIndex | undefined> {
  const url = new URL(normalizeRepositoryUrl(repository));
  url.pathname += "index.yaml";
  const request = requestFor(url.href, repository, call);
  const condition = mark === undefined ? {} : { "if-none-match": mark };
  const answer = await client.send({ ...request, headers: { ...request.headers, ...condition } });
  if (answer.status === 304 && mark !== undefined) {
    answer.discard();
    return undefined;
  }
  if (answer.status !== 200) throw await refusal(answer);
  return { bytes: await textBytesOf(answer, indexMost), mark: answer.headers.etag };
}

/** The archive of a version; it must be what the index says, where that says anything. */
export async function fetchArchive(
  client: HttpClient,
  from: { repository: string; entry: ChartEntry },
  call: RepositoryCall,
): Promise<Buffer> {
  const { repository, entry } = from;
  const reference = entry.urls[0];
  if (reference === undefined)
    throw chartFault({
      code: "chart-absent",
      disposition: "retry",
      at: repository,
      message: `chart '${entry.name}' has no downloadable URLs`,
    });
  const url = archiveUrl(repository, reference);
  const { bytes } = await client.read(requestFor(url, repository, call), chartMost);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (entry.digest !== "" && entry.digest !== digest)
    throw chartFault({
      code: "chart-digest-mismatch",
      disposition: "retry",
      at: url,
      message: `the archive has the sha256 ${digest}, the repository's index says ${entry.digest}`,
      hint: "the archive was changed after the index was written: ask who keeps the repository",
    });
  return bytes;
}

/** An archive's address: its own when it is absolute, otherwise below the repository, with the repository's query. */
export function archiveUrl(repository: string, reference: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return reference;
  const base = new URL(normalizeRepositoryUrl(repository));
  const query = base.search;
  base.search = "";
  const resolved = new URL(reference, base);
  resolved.search = query;
  return resolved.href;
}

function requestFor(url: string, repository: string, call: RepositoryCall): Parameters<HttpClient["send"]>[0] {
  const own = new URL(repository);
  const isOwn = URL.canParse(url) && new URL(url).origin === own.origin;
  const passesCredentials = call.passesCredentials === true;
  const login = call.login ?? loginOf(own);
  const isSent = login !== undefined && login.username !== "" && login.password !== "" && (isOwn || passesCredentials);
  const authorization = isSent
    ? { authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}` }
    : {};
  const { access, signal, timeoutMs } = call;
  // A certificate is a credential as well.
  const { certificate: _, certificateKey: __, ...anonymous } = access;
  return {
    url,
    headers: authorization,
    access: isOwn || passesCredentials ? access : anonymous,
    signal,
    timeoutMs,
    passesCredentials,
  };
}

function loginOf(url: URL): { username: string; password: string } | undefined {
  if (url.username === "") return undefined;
  return { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
}
