// Which of a repository's tags a range takes: versions in full form only (an optional `v`, three numbers), as Flux picks
// them. Tags of Helm charts write `+` as `_`.

import { RE2JS } from "re2js";
import { compareVersions, type Constraints, parseConstraints, parseVersion, satisfies } from "#render/helm";
import { ociFault } from "./faults.ts";

export const chartLayerType = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

export type TagRange = {
  range: string;
  /** A regular expression in Go's syntax that a tag must match first. */
  filter?: string;
  /** Of charts: the layer's media type is Helm's. */
  isChart?: boolean;
};

/** The tag with the highest version in the range; throws Fault `oci-tag-absent`. `at` is for messages. */
export function newestTag(tags: readonly string[], wanted: TagRange, at: string): string {
  const range = parse(wanted.range, at);
  const filter = wanted.filter === undefined || wanted.filter === "" ? undefined : compile(wanted.filter, at);
  const versions = tags
    .filter((tag) => filter === undefined || filter.matcher(tag).find())
    .flatMap((tag) => {
      const text = wanted.isChart === true ? tag.replaceAll("_", "+") : tag;
      const version = isFull(text) ? parseVersion(text) : undefined;
      return version !== undefined && satisfies(range, version) ? [{ tag, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version) || (a.tag < b.tag ? 1 : -1));
  const newest = versions[0];
  if (newest !== undefined) return newest.tag;
  throw ociFault({
    code: "oci-tag-absent",
    disposition: "retry",
    at,
    message: `no match found for semver: ${wanted.range}`,
    hint: "check the range; pre-releases count only where it names one",
  });
}

const number = "(0|[1-9]\\d*)";
const full = new RegExp(`^v?${number}\\.${number}\\.${number}(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$`);

/** Three numbers without leading zeros: `1.2` and `latest` are no versions. */
export function isFull(text: string): boolean {
  return full.test(text);
}

function parse(range: string, at: string): Constraints {
  try {
    return parseConstraints(range);
  } catch (cause) {
    throw invalid(at, `semver '${range}' parse error`, cause);
  }
}

function compile(filter: string, at: string): RE2JS {
  try {
    return RE2JS.compile(filter);
  } catch (cause) {
    throw invalid(at, `semverFilter ${JSON.stringify(filter)} is no regular expression`, cause);
  }
}

function invalid(at: string, message: string, cause?: unknown): Error {
  return ociFault({ code: "oci-reference-invalid", disposition: "stall", at, message, cause });
}
