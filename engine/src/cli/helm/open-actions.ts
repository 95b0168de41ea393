// The actions on releases, with all that renders charts: loaded by the commands that act.

import { releaseActions, type ReleaseActions, type ReleaseContext } from "#releases";
import { machineEnvironment } from "../chart-files.ts";

/** With this machine's time and randomness for templates. */
export function openActions(context: Omit<ReleaseContext, "environment">): ReleaseActions {
  return releaseActions({ ...context, environment: machineEnvironment(context.clock) });
}
