// A rendering made before the action that it is for, and the last one made again.

import type { Release, ReleaseContext, RenderAgainOptions, RenderedAgain, RenderedRelease } from "./contract.ts";
import { isOtherMark, lookedUpLabel, rendersOtherwise } from "./lookups.ts";
import { checkName } from "./names.ts";
import { isPending } from "./pending.ts";
import { newRelease, type RenderRequest, renderRelease } from "./prepare.ts";
import { currentOf } from "./revisions.ts";

/** For the next install or upgrade; for the one that was cut off, where that is to be gone on with. */
export async function render(context: ReleaseContext, request: RenderRequest): Promise<RenderedRelease> {
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

/** Whether the cluster answers otherwise than when the last revision was rendered. */
export async function renderAgain(
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
