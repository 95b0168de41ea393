// The actions on releases, over one cluster and one storage.

import type { Cluster } from "#cluster";
import type { JsonObject, Manifest } from "#kernel";
import { coalesceValues, toPlain } from "#render/helm";
import type {
  Release,
  ReleaseActions,
  ReleaseContext,
  RenderAgainOptions,
  RenderedAgain,
  RenderedRelease,
} from "./contract.ts";
import { install } from "./install.ts";
import { buildObjects, KnownKinds, setOwner } from "./objects.ts";
import { failPending, isPending } from "./pending.ts";
import { isOtherMark, lookedUpLabel, rendersOtherwise } from "./lookups.ts";
import { chartOf, checkName, newRelease, type RenderRequest, renderRelease } from "./prepare.ts";
import { currentOf } from "./revisions.ts";
import { rollback } from "./rollback.ts";
import { Run } from "./run.ts";
import { runTests } from "./run-tests.ts";
import { uninstall } from "./uninstall.ts";
import { upgrade } from "./upgrade.ts";

export function releaseActions(context: ReleaseContext): ReleaseActions {
  return {
    render: (options) => render(context, options),
    renderAgain: (last, options) => renderAgain(context, last, options),
    install: (options) => install(context, options),
    upgrade: (options) => upgrade(context, options),
    rollback: (options) => rollback(context, options),
    uninstall: (options) => uninstall(context, options),
    test: (options) => runTests(context, options),
    unlock: (name, description) => unlock(context, name, description),
  };
}

/** For the next install or upgrade; for the one that was cut off, where that is to be gone on with. */
async function render(context: ReleaseContext, request: RenderRequest): Promise<RenderedRelease> {
  checkName(request.name);
  const history = await context.storage.history(request.name);
  const last = history.at(-1);
  if (last === undefined || last.info.status === "uninstalled")
    return renderRelease(context, request, { revision: 1, isUpgrade: false });
  if (request.onPending === "resume" && isPending(last)) {
    if (last.info.status === "pending-install")
      return renderRelease(context, request, { revision: 1, isUpgrade: false });
    const before = history.slice(0, -1);
    if (last.info.status === "pending-upgrade" && before.length > 0)
      return renderRelease(context, request, { revision: last.version, isUpgrade: true, current: currentOf(before) });
  }
  return renderRelease(context, request, { revision: last.version + 1, isUpgrade: true, current: currentOf(history) });
}

async function renderAgain(
  context: ReleaseContext,
  last: Release,
  { since, ...request }: RenderAgainOptions,
): Promise<RenderedAgain> {
  const made = await origin(context, last);
  const rendered = await renderRelease({ ...context, notesLookups: true }, request, {
    revision: made.version,
    current: last,
    isUpgrade: made.version > 1 && made.info.description !== "Install complete",
  });
  const { lookups, lookedUp, rendering } = rendered;
  const before = last.labels[lookedUpLabel] ?? since ?? lookedUp;
  const { name, namespace, info, labels, apply_method } = last;
  const now = newRelease(rendered, { name, namespace, info, labels, serverSide: apply_method === "ssa" });
  const isOther =
    isOtherMark(before, lookedUp, rendering.isVolatile) && (rendering.isVolatile || rendersOtherwise(now, last));
  return { lookups, lookedUp, isOther };
}

/** The revision that was rendered: what was gone back to is a copy of it. */
async function origin({ storage }: ReleaseContext, last: Release): Promise<Release> {
  let made = last;
  while (made.info.rollback_revision !== undefined && made.info.rollback_revision < made.version) {
    const before = await storage.get(made.name, made.info.rollback_revision);
    if (before === undefined) return { ...made, version: made.info.rollback_revision };
    made = before;
  }
  return made;
}

async function unlock(context: ReleaseContext, name: string, description?: string): Promise<Release | undefined> {
  const last = await context.storage.last(name);
  if (last === undefined || !isPending(last)) return undefined;
  const run = new Run(context, { name, namespace: last.namespace });
  await failPending(run, last, new KnownKinds(context.cluster), description);
  return last;
}

/** The release's objects as they are applied: with namespace, Helm's label and its two annotations. Hooks are left out. */
export async function releaseObjects(release: Release, cluster: Cluster): Promise<Manifest[]> {
  const objects = await buildObjects(release.manifest, new KnownKinds(cluster), release.namespace);
  setOwner(objects, release);
  return objects.map(({ manifest }) => manifest);
}

/** The values in force: the user's over the chart's defaults, as far as the record keeps them. */
export function computedValues(release: Release): JsonObject {
  return toPlain(coalesceValues(chartOf(release), release.config ?? {}, () => {})) as JsonObject;
}
