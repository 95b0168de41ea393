// What is served beside resources: discovery, OpenAPI, version, health and metrics.

import { builtinVersion } from "#api/kubernetes";
import {
  aggregated,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type OpenApi,
  openApiV2Protobuf,
  rootPaths,
} from "#apiserver/discovery";
import { noSuchPath, type ResourceTable } from "#apiserver/registry";
import { json, type Reply, text } from "./respond.ts";

export type DocumentContext = {
  table: ResourceTable;
  openApi: OpenApi;
  address: string;
  metrics: () => string;
};

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const healthPath = /^\/(healthz|livez|readyz)(\/|$)/;

/** True for the path that says whether requests can be served: what cannot write is alive all the same, and no restart would help it. */
export function asksForReadiness(path: string): boolean {
  return /^\/(healthz|readyz)\/?$/.test(path);
}

/** The answer of a server that cannot write, told check by check. */
export function notReady(path: string, problem: string): Reply {
  const name = path.replaceAll("/", "");
  return text(`[+]ping ok\n[+]log ok\n[-]store failed: ${problem}\n${name} check failed\n`, 500);
}

/** The answer to a GET of `path`, which is no resource. `isVerbose`: health is told check by check. */
// oxlint-disable-next-line max-params -- what is asked, of whom, and in which form
export function documentReply(context: DocumentContext, path: string, accept: string, isVerbose = false): Reply {
  const clean = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
  if (clean === "/api" || clean.startsWith("/api/")) return coreReply(context, clean, accept);
  if (clean === "/apis" || clean.startsWith("/apis/")) return groupsReply(context, clean, accept);
  if (clean === "/openapi/v2" && wantsProtobuf(accept)) return protobufReply(context);
  if (clean.startsWith("/openapi/")) return openApiReply(context, clean);
  const health = healthPath.exec(clean);
  if (health !== null)
    return text(isVerbose ? `[+]ping ok\n[+]log ok\n[+]store ok\n${health[1]} check passed\n` : "ok");
  switch (clean) {
    case "/":
      return { ...json(rootPaths(context.table)), layout: "indented" };
    case "/version":
      return { ...json(versionBody()), layout: "indented" };
    case "/metrics":
      return { code: 200, body: context.metrics(), contentType: "text/plain; version=0.0.4; charset=utf-8" };
    default:
      return text("404 page not found\n", 404);
  }
}

function wantsAggregated(accept: string): boolean {
  return /as=APIGroupDiscoveryList/.test(accept) && /v=v2(;|,|$)/.test(accept);
}

function coreReply({ table, address }: DocumentContext, path: string, accept: string): Reply {
  if (path === "/api")
    return wantsAggregated(accept)
      ? { ...json(aggregated(table, true)), contentType: aggregatedType }
      : json(apiVersions(address));
  return versionReply(table, "", path.slice("/api/".length));
}

function groupsReply({ table }: DocumentContext, path: string, accept: string): Reply {
  if (path === "/apis")
    return wantsAggregated(accept)
      ? { ...json(aggregated(table, false)), contentType: aggregatedType }
      : json(apiGroupList(table));
  const [group = "", version] = path.slice("/apis/".length).split("/");
  if (version !== undefined) return versionReply(table, group, version);
  const document = apiGroup(table, group);
  return document === undefined ? text("404 page not found\n", 404) : json(document);
}

function versionReply(table: ResourceTable, group: string, version: string): Reply {
  const document = apiResourceList(table, group, version);
  if (document !== undefined) return json(document);
  if (table.isKnown(group, version)) throw noSuchPath();
  return text("404 page not found\n", 404);
}

/** client-go writes `@` or `.` between the version of the specification and that of the message. */
function wantsProtobuf(accept: string): boolean {
  return /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/.test(accept);
}

function protobufReply({ openApi }: DocumentContext): Reply {
  const { hash } = openApi.v2();
  const headers = { etag: `"${hash}"`, vary: "Accept" };
  return { code: 200, body: openApi.v2Protobuf(), contentType: openApiV2Protobuf, headers };
}

function openApiReply({ openApi }: DocumentContext, path: string): Reply {
  if (path === "/openapi/v3") return { ...json(openApi.index()), layout: "as-it-is" };
  const document =
    path === "/openapi/v2" ? openApi.v2() : openApi.versionDocument(path.replace(/^\/openapi\/v3\//, ""));
  if (document === undefined) return text("404 page not found\n", 404);
  return {
    code: 200,
    body: document.text,
    contentType: "application/json",
    layout: "as-it-is",
    headers: { etag: `"${document.hash}"`, vary: "Accept" },
  };
}

function versionBody(): Record<string, string> {
  const version = builtinVersion();
  const [major = "", minor = ""] = version.replace(/^v/, "").split(".");
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: version,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: "",
    compiler: "keelson",
    platform: "linux/amd64",
  };
}
