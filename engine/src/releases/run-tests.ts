// Runs a release's tests: its hooks for the event `test` (pkg/action/release_testing.go of Helm 4.3).

import { faultFrom } from "#kernel";
import type { ActionResult, Release, ReleaseContext, ReleaseHook, ReleaseProgress, TestOptions } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { HookRunner, hooksFor } from "./hooks.ts";
import { KnownKinds } from "./objects.ts";
import { checkName } from "./names.ts";
import { Run } from "./run.ts";
import { Waiter } from "./waiter.ts";

export async function runTests(context: ReleaseContext, options: TestOptions): Promise<ActionResult> {
  const run = new Run(context, options);
  let release: Release | undefined;
  try {
    checkName(options.name);
    release = await context.storage.last(options.name);
    if (release === undefined) throw releaseFault("release-absent", "release: not found");
    await execute(run, release, options);
    return run.done(release);
  } catch (thrown) {
    return run.failed(faultFrom(thrown), release);
  }
}

async function execute(run: Run, release: Release, options: TestOptions): Promise<void> {
  const { filters, beforeRemoval } = options;
  const all = release.hooks ?? [];
  const isWanted = ({ name }: ReleaseHook): boolean =>
    !(filters?.except ?? []).includes(name) &&
    ((filters?.only ?? []).length === 0 || (filters?.only ?? []).includes(name));
  const kinds = new KnownKinds(run.context.cluster);
  const waiter = new Waiter(run, "watcher", kinds);
  const serverSide = release.apply_method === "ssa";
  // The hooks themselves are shared, so that what becomes of them is stored; the others are set aside meanwhile.
  const wanted = all.filter(isWanted);
  // Those that are left out come first from now on, as Helm has it.
  if (all.length > 0) release.hooks = [...all.filter((hook) => !isWanted(hook)), ...wanted];
  const narrowed: Release = { ...release, hooks: wanted };
  narrowed.keelson = progressOf(narrowed, options);
  delete release.keelson;
  const recorder = new Run(
    { ...run.context, storage: withAllHooks(run.context.storage, release.hooks ?? []) },
    run.options,
  );
  const hooks = new HookRunner(recorder, narrowed, { kinds, waiter, serverSide, action: "test" });
  try {
    await hooks.execute("test", beforeRemoval === undefined ? undefined : () => beforeRemoval(release));
  } finally {
    run.outcomes.push(...recorder.outcomes);
    run.warnings.push(...recorder.warnings);
    await run.record(release);
  }
}

/** Tests may run as often as one likes: a run that was cut off counts only for those who go on with it. */
function progressOf(release: Release, { onPending }: TestOptions): ReleaseProgress {
  const tests = hooksFor(release, "test").map(({ name }) => name);
  const former = release.keelson;
  const isSame = former?.action === "test" && former.tests?.join(" ") === tests.join(" ");
  return onPending === "resume" && isSame ? former : { action: "test", hooks: {}, tests };
}

/** Stores a release with all its hooks, whichever of them run. */
function withAllHooks(storage: ReleaseContext["storage"], hooks: ReleaseHook[]): ReleaseContext["storage"] {
  return {
    driver: storage.driver,
    namespace: storage.namespace,
    list: () => storage.list(),
    history: (name) => storage.history(name),
    get: (name, revision) => storage.get(name, revision),
    last: (name) => storage.last(name),
    deployed: (name) => storage.deployed(name),
    create: (release, maxHistory) => storage.create({ ...release, hooks }, maxHistory),
    update: (release) => storage.update({ ...release, hooks }),
    delete: (name, revision) => storage.delete(name, revision),
  };
}
