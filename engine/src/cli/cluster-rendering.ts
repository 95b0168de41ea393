// A chart rendered for the cluster it would go to: by what that serves and holds, with the checks that helm makes there. Loaded
// where a server is asked.

import type { ChartRendering, RenderOptions } from "#render/helm";
import { ClusterView } from "#releases";
import type { ChartSource } from "./chart-source.ts";
import type { ServerFlags } from "./helm/release-flags.ts";
import { connectServer } from "./helm/server.ts";
import type { Surroundings } from "./target.ts";

/** `isFree`: objects that belong to others are no matter. */
export async function renderForCluster(
  source: ChartSource,
  options: RenderOptions,
  how: { flags: ServerFlags; surroundings: Surroundings; isFree: boolean },
): Promise<ChartRendering> {
  const target = await connectServer(how.flags, how.surroundings);
  try {
    const view = new ClusterView(target.cluster);
    const rendering = await view.render(source, options);
    const { releaseName, namespace = "default" } = options;
    await view.check(rendering, { name: releaseName, namespace, isFree: how.isFree });
    return rendering;
  } finally {
    target.close();
  }
}
