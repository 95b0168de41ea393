// What `kubectl logs` gets for a simulated container.

import type { Manifest } from "#kernel";

/** One text for one container: that nothing runs, and how to make it behave. */
export function simulatedLog(pod: Manifest, container: string): string {
  const spec = pod["spec"] as { containers?: { name: string; image?: string }[] } | undefined;
  const found = spec?.containers?.find(({ name }) => name === container);
  const image = found?.image === undefined ? "" : ` (image ${found.image})`;
  return (
    `This workload is simulated: Keelson's embedded control plane does not run images, so ${container}${image} in pod ` +
    `${pod.metadata.namespace ?? ""}/${pod.metadata.name} writes no log.\n` +
    "Annotate it with keelson.dev/simulate=slow|stall|crash|pull-error|fail to rehearse failures.\n"
  );
}
