// Choosing a version among those that a chart repository offers, as Helm chooses. https://helm.sh/docs/topics/chart_repository

import { GoError } from "#formats/gotemplate";
import { helmFault } from "./faults.ts";
import { compareVersions, parseConstraints, parseVersion, satisfies } from "./functions/semver.ts";

/** What of an index entry counts for the choice: one without an address cannot be downloaded. */
export type ChartVersion = { version: string; urls: readonly string[] };

/** The newest version in the range that can be downloaded; `versions` stand newest first. The range is one that can be read. */
export function newestInRange<T extends ChartVersion>(versions: readonly T[], range: string): T | undefined {
  return versions.find(({ version, urls }) => urls.length > 0 && isInRange(range, version));
}

/** The entry of an exact version; metadata and a leading v do not count. */
export function exactVersion<T extends ChartVersion>(versions: readonly T[], wanted: string): T | undefined {
  const parsed = parseVersion(wanted);
  return versions.find(({ version, urls }) => {
    const candidate = parseVersion(version);
    if (urls.length === 0) return false;
    return parsed === undefined || candidate === undefined
      ? version === wanted
      : compareVersions(parsed, candidate) === 0;
  });
}

/** True when the version lies in the range. Throws when the range of the dependency cannot be read. */
export function isInRange(range: string, version: string, name = ""): boolean {
  const parsed = parseVersion(version);
  try {
    const constraints = parseConstraints(range);
    return parsed !== undefined && satisfies(constraints, parsed);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw helmFault(
      "chart-dependency",
      `dependency ${JSON.stringify(name)} has an invalid version/constraint format: ${error.message}`,
      { at: "Chart.yaml" },
    );
  }
}
