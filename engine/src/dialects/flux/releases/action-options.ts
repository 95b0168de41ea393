// What a HelmRelease's spec says to Helm: the options of each action, with Flux's defaults (helm-controller 1.6, internal/action).

import type { CrdsChoice, HelmRelease, ServerSideChoice } from "#api/flux";
import type { GoMap } from "#formats/gotemplate";
import type { FileTree } from "#kernel";
import type { CommonOptions, Release, ReleaseActions, WaitStrategy } from "#releases";
import { maxHistoryOf, releaseNameOf, releaseNamespaceOf, type TimedAction, timeoutOf } from "./names.ts";
import { originLabels, postRenderOf } from "./post-render.ts";
import { goesBackToProven } from "./remediation.ts";

/** What is released: the object, its chart and its values. */
export type Wish = { object: HelmRelease; chart: FileTree | Uint8Array; values: GoMap; signal: AbortSignal };

/** What all actions have in common. */
export function commonOptions({ object, signal }: Pick<Wish, "object" | "signal">, action: TimedAction): CommonOptions {
  const spec: { disableWait?: boolean; disableWaitForJobs?: boolean; disableHooks?: boolean } =
    action === "test" ? {} : (object.spec[action] ?? {});
  return {
    name: releaseNameOf(object),
    namespace: releaseNamespaceOf(object),
    timeoutMs: timeoutOf(object, action),
    signal,
    disableHooks: spec.disableHooks ?? false,
    wait: waitOf(object, spec.disableWait ?? false),
    waitForJobs: spec.disableWaitForJobs !== true,
    expressions: object.spec.healthCheckExprs ?? [],
    // Reached only where the work that was cut off is our own.
    onPending: "resume",
  };
}

/** How objects are waited for. */
export function waitOf(object: HelmRelease, isDisabled: boolean): WaitStrategy {
  const { spec } = object;
  // What is to prove healthy must be waited for.
  if (isDisabled && !goesBackToProven(object)) return "hookOnly";
  return spec.waitStrategy?.name === "legacy" ? "legacy" : "watcher";
}

/** With server-side apply conflicts are always forced; replacing is of the other way alone. `auto` goes on as `release` was made. */
export function applyMode(
  { serverSideApply, force }: { serverSideApply?: ServerSideChoice; force?: boolean },
  release: Release | undefined,
): { serverSide: boolean; forceConflicts: boolean; forceReplace: boolean } {
  const isAuto = serverSideApply === undefined || serverSideApply === "auto";
  const serverSide = isAuto ? release?.apply_method === "ssa" : serverSideApply === "enabled";
  return { serverSide, forceConflicts: serverSide, forceReplace: force === true && !serverSide };
}

/** By server-side apply a definition is applied whether it is there or not: so helm-controller's `Create` is, its docs notwithstanding. */
function crdsOf(choice: CrdsChoice = "Create", isServerSide: boolean): CrdsChoice {
  return choice === "Create" && isServerSide ? "CreateReplace" : choice;
}

function renderOptions({ object, chart, values }: Wish) {
  const { postRenderStrategy } = object.spec;
  return {
    chart,
    values,
    postRender: postRenderOf(object),
    postRenderStrategy: postRenderStrategy ?? ("combined" as const),
  };
}

export function installOptions(context: Wish): Parameters<ReleaseActions["install"]>[0] {
  const { spec } = context.object;
  const install = spec.install ?? {};
  const serverSide = install.serverSideApply ?? true;
  return {
    ...commonOptions(context, "install"),
    ...renderOptions(context),
    skipSchemaValidation: install.disableSchemaValidation ?? false,
    disableOpenApiValidation: install.disableOpenAPIValidation ?? false,
    takeOwnership: install.disableTakeOwnership !== true,
    crds: crdsOf(install.crds, serverSide),
    crdLabels: originLabels(context.object),
    createNamespace: spec.targetNamespace !== undefined && install.createNamespace === true,
    replace: install.replace ?? false,
    serverSide,
    forceConflicts: serverSide,
    maxHistory: maxHistoryOf(context.object),
  };
}

/** `last`: the release that is upgraded. */
export function upgradeOptions(context: Wish, last: Release | undefined): Parameters<ReleaseActions["upgrade"]>[0] {
  const upgrade = context.object.spec.upgrade ?? {};
  const mode = applyMode(upgrade, last);
  return {
    ...commonOptions(context, "upgrade"),
    ...renderOptions(context),
    ...mode,
    skipSchemaValidation: upgrade.disableSchemaValidation ?? false,
    disableOpenApiValidation: upgrade.disableOpenAPIValidation ?? false,
    takeOwnership: upgrade.disableTakeOwnership !== true,
    crds: crdsOf(upgrade.crds, mode.serverSide),
    crdLabels: originLabels(context.object),
    valuesPolicy: upgrade.preserveValues === true ? "reuse" : "reset",
    cleanupOnFail: upgrade.cleanupOnFail ?? false,
    maxHistory: maxHistoryOf(context.object),
  };
}
