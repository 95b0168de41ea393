// Writes a release's objects as Helm 4.3 writes them: server-side apply, or client-side create and three-way patch, or
// replacement; objects of one kind at once, kinds in order (pkg/kube/client.go). What it does is told object by object.

import { type Answer, type DeleteOptions, pause, type Status } from "#cluster";
import { type Fault, faultFrom, type JsonObject, type Manifest } from "#kernel";
import { takeOverPatch } from "#plan";
import type { ObjectAction } from "./contract.ts";
import { releaseFault } from "./faults.ts";
import { requestsAtOnce, writeRetryMs, writeTriesMost } from "./limits.ts";
import { describeObject, difference, keyOf, type ReleaseObject } from "./objects.ts";
import { type Owner, ownershipProblems } from "./ownership.ts";
import { eachLimited } from "./each-limited.ts";
import type { Run } from "./run.ts";

export type WriteHow = {
  serverSide: boolean;
  forceReplace?: boolean;
  forceConflicts?: boolean;
  /** What client-side apply owned becomes server-side apply's before it is applied. */
  takesOverClientSide?: boolean;
  /** Kinds without a schema are patched three-way too, not from the old manifest alone. */
  threeWayUntyped?: boolean;
};

export type Propagation = "Background" | "Foreground" | "Orphan";

export class ObjectWriter {
  readonly #run: Run;
  readonly #how: WriteHow;

  constructor(run: Run, how: WriteHow) {
    this.#run = run;
    this.#how = how;
    if (how.forceReplace && how.forceConflicts)
      throw releaseFault("release-options", "invalid operation: cannot use force conflicts and force replace together");
    if (how.forceReplace && how.serverSide)
      throw releaseFault(
        "release-options",
        "invalid operation: cannot use server-side apply and force replace together",
      );
    if (how.forceConflicts && !how.serverSide)
      throw releaseFault(
        "release-options",
        "invalid client update option(s): forceConflicts enabled when serverSideApply disabled",
      );
  }

  /** Creates all; a refusal of one does not keep the others back. */
  async createAll(objects: readonly ReleaseObject[]): Promise<void> {
    const failures: Fault[] = [];
    for (const batch of byKind(objects)) {
      this.#run.checkGoing();
      await eachLimited(batch, requestsAtOnce, async (object) => {
        try {
          await this.create(object);
          this.#note(object, "created");
        } catch (thrown) {
          failures.push(this.#failed(object, thrown));
        }
      });
    }
    if (failures.length > 0) throw joined(failures, "\n");
  }

  /** Creates one and answers it as it stands; nothing is noted. */
  async create(object: ReleaseObject): Promise<Manifest> {
    const { cluster, fieldManager } = this.#run.context;
    if (this.#how.serverSide) return this.#apply(object, this.#how.forceConflicts ?? false);
    return this.#retried(
      (status) => status.reason === "Conflict",
      object,
      "",
      () => cluster.create(object.target, object.manifest, { fieldManager }),
    );
  }

  /**
   * Brings the targets about, and removes what only `originals` and `strays` hold; strays only where they are the
   * release's. Answers what it created, also when it throws, through `created`.
   */
  async updateAll(
    { originals, targets, strays }: { originals: ReleaseObject[]; targets: ReleaseObject[]; strays: ReleaseObject[] },
    release: Owner,
    created: ReleaseObject[],
  ): Promise<void> {
    const failures: Fault[] = [];
    const known = new Map(originals.map((object) => [keyOf(object), object]));
    for (const target of targets) {
      this.#run.checkGoing();
      const live = await this.#read(target);
      if (live === undefined) {
        // Named before it is made: what a failed write left behind is cleaned up too.
        created.push(target);
        try {
          await this.create(target);
          this.#note(target, "created");
        } catch (thrown) {
          throw prefixed("failed to create resource: ", this.#failed(target, thrown));
        }
        continue;
      }
      try {
        await this.#update(target, known.get(keyOf(target))?.manifest ?? live, live);
      } catch (thrown) {
        failures.push(this.#failed(target, thrown));
      }
    }
    if (failures.length > 0) throw joined(failures, " && ");
    await this.#removeMissing(difference(originals, targets), () => true);
    const isOwned = (live: Manifest): boolean => ownershipProblems(live, release).length === 0;
    await this.#removeMissing(difference(difference(strays, originals), targets), isOwned);
  }

  /** Removes all, and answers what could not be removed. What is gone already is removed. */
  async removeAll(objects: readonly ReleaseObject[], propagation: Propagation): Promise<Fault[]> {
    const failures: Fault[] = [];
    for (const batch of byKind(objects))
      await eachLimited(batch, requestsAtOnce, async (object) => {
        try {
          await this.remove(object, { propagation });
          this.#run.note({ ref: object.ref, action: "deleted" });
        } catch (thrown) {
          failures.push(this.#failed(object, thrown));
        }
      });
    return failures;
  }

  /** Removes one; absent is removed. */
  async remove(object: ReleaseObject, options: DeleteOptions): Promise<void> {
    const answer = await this.#run.context.cluster.delete(object.target, options);
    if (answer.ok || answer.status.code === 404) return;
    throw releaseFault("release-delete-failed", answer.status.message);
  }

  async #removeMissing(objects: readonly ReleaseObject[], mayGo: (live: Manifest) => boolean): Promise<void> {
    const failures: Fault[] = [];
    for (const object of objects) {
      const live = await this.#read(object).catch(() => undefined);
      if (live === undefined || !mayGo(live)) continue;
      if (live.metadata.annotations?.["helm.sh/resource-policy"] === "keep") {
        this.#run.note({ ref: object.ref, action: "kept" });
        continue;
      }
      try {
        await this.remove(object, { propagation: "Background" });
        this.#run.note({ ref: object.ref, action: "deleted" });
      } catch (thrown) {
        const { namespace, name } = object.target;
        const what = `failed to delete resource namespace=${namespace}, name=${name}, kind=${object.ref.kind}: `;
        failures.push(prefixed(what, this.#failed(object, thrown)));
      }
    }
    if (failures.length > 0) throw joined(failures, " && ");
  }

  async #update(target: ReleaseObject, original: Manifest, live: Manifest): Promise<void> {
    if (this.#how.forceReplace) {
      await this.#replace(target, live);
      return this.#note(target, "replaced");
    }
    if (!this.#how.serverSide) return this.#patch(target, original, live);
    const before = this.#how.takesOverClientSide ? await this.#takeOver(target, live) : live;
    const after = await this.#apply(target, this.#how.forceConflicts ?? false);
    const isSame = after.metadata.resourceVersion === before.metadata.resourceVersion;
    this.#note(target, isSame && before === live ? "unchanged" : "configured");
  }

  /** What an Update of our manager owns becomes owned by its Apply. */
  async #takeOver(target: ReleaseObject, live: Manifest): Promise<Manifest> {
    const { cluster, fieldManager } = this.#run.context;
    let current = live;
    for (let tries = 1; ; tries++) {
      const patch = takeOverPatch(current, {
        manager: fieldManager,
        takeOver: { prefixes: [], except: [] },
        ignored: [],
      });
      if (patch.length === 0) return current;
      const answer = await cluster.patch(target.target, { type: "json", patch }, { fieldManager });
      if (answer.ok) return answer.value;
      if (tries >= writeTriesMost)
        throw refusal(`failed to patch object to upgrade CSA field manager ${describeObject(target)}`, answer.status);
      current = (await this.#read(target)) ?? current;
    }
  }

  #apply(object: ReleaseObject, isForced: boolean): Promise<Manifest> {
    const { cluster, fieldManager } = this.#run.context;
    if (object.target.name === "")
      throw releaseFault(
        "release-apply-failed",
        `server-side apply failed for object ${describeObject(object)}: resource name may not be empty`,
      );
    return this.#retried(
      (status) =>
        // Somebody made it meanwhile: a process that is gone, with a request that was still under way.
        status.reason === "AlreadyExists" ||
        (status.code === 409 &&
          /cannot be fulfilled on resourcequotas.*the object has been modified/i.test(status.message)),
      object,
      "server-side apply failed for object",
      () => cluster.apply(object.target, object.manifest, { fieldManager, isForced, fieldValidation: "Strict" }),
    );
  }

  async #replace(target: ReleaseObject, live: Manifest): Promise<Manifest> {
    const { cluster, fieldManager } = this.#run.context;
    const { resourceVersion } = live.metadata;
    const metadata = { ...target.manifest.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    const answer = await cluster.update(
      target.target,
      { ...target.manifest, metadata },
      { fieldManager, fieldValidation: "Strict" },
    );
    if (answer.ok) return this.#answered(answer);
    throw refusal("failed to replace object", answer.status);
  }

  async #patch(target: ReleaseObject, original: Manifest, live: Manifest): Promise<void> {
    const { cluster, fieldManager } = this.#run.context;
    // Needs the schemas of all kinds, and is rare.
    const { clientSidePatch } = await import("./client-side.ts");
    const body = clientSidePatch(target, { original, live }, this.#how.threeWayUntyped ?? false);
    if (Object.keys(body.patch as JsonObject).length === 0)
      return this.#run.note({ ref: target.ref, action: "unchanged" });
    const answer = await cluster.patch(target.target, body, { fieldManager });
    if (!answer.ok)
      throw refusal(`cannot patch ${JSON.stringify(target.target.name)} with kind ${target.ref.kind}`, answer.status);
    const after = this.#answered(answer);
    const isSame = after.metadata.resourceVersion === live.metadata.resourceVersion;
    this.#note(target, isSame ? "unchanged" : "configured");
  }

  /** Sends a write again where the server says that it lost a race. */
  async #retried(
    isLost: (status: Status) => boolean,
    object: ReleaseObject,
    what: string,
    send: () => Promise<Answer<Manifest>>,
  ): Promise<Manifest> {
    for (let tries = 1; ; tries++) {
      const answer = await send();
      if (answer.ok) return this.#answered(answer);
      if (tries < writeTriesMost && isLost(answer.status)) {
        await pause(this.#run.context.clock, writeRetryMs * tries, this.#run.signal);
        continue;
      }
      if (what === "") throw refusal("", answer.status);
      const isConflict = answer.status.code === 409;
      throw refusal(
        `${isConflict ? "conflict occurred while applying object" : what} ${describeObject(object)}`,
        answer.status,
      );
    }
  }

  #answered(answer: Extract<Answer<Manifest>, { ok: true }>): Manifest {
    for (const warning of answer.warnings) this.#run.warn(warning);
    return answer.value;
  }

  async #read(object: ReleaseObject): Promise<Manifest | undefined> {
    if (object.target.name === "") return undefined;
    const answer = await this.#run.context.cluster.get(object.target);
    if (answer.ok) return answer.value;
    if (answer.status.code === 404) return undefined;
    throw refusal("could not get information about the resource", answer.status);
  }

  #note(object: ReleaseObject, action: ObjectAction): void {
    this.#run.note({ ref: object.ref, action });
  }

  #failed(object: ReleaseObject, thrown: unknown): Fault {
    const fault = faultFrom(thrown);
    this.#run.note({ ref: object.ref, action: "failed", message: fault.message });
    return fault;
  }
}

/** Runs of one kind, in order. */
function byKind(objects: readonly ReleaseObject[]): ReleaseObject[][] {
  const batches: ReleaseObject[][] = [];
  for (const object of objects) {
    const batch = batches.at(-1);
    if (batch !== undefined && batch[0]?.ref.kind === object.ref.kind) batch.push(object);
    else batches.push([object]);
  }
  return batches;
}

function refusal(what: string, { message, code }: Status): Error {
  const isLasting = code === 400 || code === 403 || code === 422;
  return releaseFault("release-apply-failed", what === "" ? message : `${what}: ${message}`, {
    disposition: isLasting ? "stall" : "retry",
    ...(code === 409 ? { hint: "--force-conflicts takes the fields over" } : {}),
  });
}

function prefixed(before: string, fault: Fault): Fault {
  return releaseFault("release-apply-failed", `${before}${fault.message}`, {
    disposition: fault.disposition,
    cause: fault,
  });
}

function joined(faults: readonly Fault[], separator: string): Fault {
  const [first] = faults;
  if (faults.length === 1 && first !== undefined) return first;
  return releaseFault("release-apply-failed", faults.map(({ message }) => message).join(separator), {
    disposition: faults.some(({ disposition }) => disposition === "stall") ? "stall" : "retry",
  });
}
