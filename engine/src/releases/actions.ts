// The actions on releases, over one cluster and one storage. What renders charts is loaded by those that do.

import type { Release, ReleaseActions, ReleaseContext } from "./contract.ts";
import { KnownKinds } from "./objects.ts";
import { failPending, isPending } from "./pending.ts";
import { rollback } from "./rollback.ts";
import { Run } from "./run.ts";
import { runTests } from "./run-tests.ts";
import { uninstall } from "./uninstall.ts";

export function releaseActions(context: ReleaseContext): ReleaseActions {
  return {
    render: async (options) => (await import("./render-ahead.ts")).render(context, options),
    renderAgain: async (last, options) => (await import("./render-ahead.ts")).renderAgain(context, last, options),
    install: async (options) => (await import("./install.ts")).install(context, options),
    upgrade: async (options) => (await import("./upgrade.ts")).upgrade(context, options),
    rollback: (options) => rollback(context, options),
    uninstall: (options) => uninstall(context, options),
    test: (options) => runTests(context, options),
    unlock: (name, description) => unlock(context, name, description),
  };
}

async function unlock(context: ReleaseContext, name: string, description?: string): Promise<Release | undefined> {
  const last = await context.storage.last(name);
  if (last === undefined || !isPending(last)) return undefined;
  const run = new Run(context, { name, namespace: last.namespace });
  await failPending(run, last, new KnownKinds(context.cluster), description);
  return last;
}
