// Simulated workloads for the embedded control plane, labelled as simulated wherever they show.

export { simulatedLog } from "./simulated-log.ts";
export { startWorkloads, type WorkloadsOptions } from "./workloads.ts";
