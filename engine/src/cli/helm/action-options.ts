// Options of upgrade, rollback and install as their flags say them.

import { parseBoolText } from "#formats/go-numbers";
import type { ApplyFlags } from "#releases";
import { usage } from "../arguments.ts";
import type { Io } from "../io.ts";
import { readRevision } from "./releases.ts";

/** `true`, `false`; `auto` where it is allowed. */
export function readServerSide(text: string | undefined, hasAuto: true): boolean | "auto";
export function readServerSide(text: string | undefined, hasAuto: false): boolean;
export function readServerSide(text: string | undefined, hasAuto: boolean): boolean | "auto" {
  if (text === undefined) return hasAuto ? "auto" : true;
  const bool = hasAuto && text !== "true" && text !== "false" ? undefined : parseBoolText(text);
  if (bool !== undefined) return bool;
  if (hasAuto && text === "auto") return "auto";
  throw usage(`invalid/unknown release server-side apply method: ${text}`);
}

/** Helm keeps ten revisions unless told otherwise. */
export function historyMax(given: { "history-max": string | undefined }, io: Io): Pick<ApplyFlags, "maxHistory"> {
  return { maxHistory: readRevision(given["history-max"] ?? io.env["HELM_MAX_HISTORY"] ?? "10") };
}
