// apiextensions.k8s.io/CustomResourceDefinition: served once Established; refused names never will be.

import { conditionsOf, type Manifest } from "#kernel";
import { current, failed, type Finding, inProgress } from "./health.ts";

export function assessDefinition(object: Manifest): Finding {
  for (const { type, status, reason, message } of conditionsOf(object)) {
    if (type === "NamesAccepted" && status === "False") return failed(reason, message);
    if (type !== "Established") continue;
    if (status === "False" && reason !== "Installing") return failed(reason, message);
    if (status === "True") return current("is established");
  }
  return inProgress("Installing", "is not established yet");
}
