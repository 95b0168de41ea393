// Service. kstatus asks a LoadBalancer for its cluster IP only; in our words it is healthy once it has an address.

import type { Manifest } from "#kernel";
import { listAt, textAt } from "./fields.ts";
import { current, type Finding, inProgress } from "./health.ts";

export function assessService(object: Manifest): Finding {
  if (textAt(object, "spec.type", "ClusterIP") !== "LoadBalancer") return current("exists");
  if (textAt(object, "spec.clusterIP", "") === "") return inProgress("NoIPAssigned", "has no cluster IP yet");
  if (listAt(object, "status.loadBalancer.ingress").length > 0) return current("has an address");
  return { ...current("waits for the load balancer's address", "NoAddress"), status: "progressing" };
}
