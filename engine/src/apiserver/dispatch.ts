// One place where every verb passes, in process and over HTTP: authorisation, then the registry. Objects that it returns are shared:
// not to be changed.

import type {
  AccessQuestion,
  ApplyOptions,
  DeleteOptions,
  List,
  ListOptions,
  PatchBody,
  WatchOptions,
  WriteOptions,
} from "#cluster";
import { schemaFor } from "#api/kubernetes";
import { asJson, asManifest, equalJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  type Call,
  changeObject,
  conflict,
  createObject,
  decodeObject,
  deleteCollection,
  deleteObject,
  type Doomed,
  forbidden,
  getObject,
  listObjects,
  listText,
  type ListText,
  methodNotServed,
  type Notice,
  notFound,
  otherUidText,
  Refusal,
  type Registry,
  type Removal,
  type Served,
  startDraft,
  storageKey,
  trackOwnership,
  type Watch,
  watchObjects,
  whenConverted,
  type WriteCall,
} from "#apiserver/registry";
import type { Authorizer } from "./authorizer.ts";
import { applyObject, patchedScale, patchObject, refuseNameless } from "./patching.ts";
import { finalizeNamespace } from "./pod-parts.ts";
import { applyScale, decodedScale, getScale, updateScale } from "./scale.ts";

/** `isNew`: the object did not exist before. */
export type Write<T> = { value: T; warnings: string[]; isNew?: boolean };

/** Options of a write, and what its text says twice. */
export type BodyOptions = WriteOptions & {
  duplicates?: readonly string[];
  /** Takes notes for the audit log. */
  annotate?: (key: string, value: string) => void;
};

/** What answers a request that no stored object answers: access reviews, tokens, logs. */
export type Special = (call: Call, body: Manifest | undefined, query: URLSearchParams) => Promise<SpecialAnswer>;
export type SpecialAnswer = { code: number; body: Json | string };

/** Specials by `group/plural/subresource` and verb: "/pods/log get". */
export type Specials = Readonly<Record<string, Special>>;

export class Dispatch {
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  readonly #specials: Specials;

  constructor(registry: Registry, authorizer: Authorizer, specials: Specials) {
    this.registry = registry;
    this.authorizer = authorizer;
    this.#specials = specials;
  }

  /** What a webhook has to convert for a request is asked for until all of it is there: objects change meanwhile. */
  async atHand(verb: string, call: Call): Promise<void> {
    if (call.served.conversion === undefined) return;
    this.permit(verb, call);
    for (let missing = this.registry.prepare(call); missing !== undefined; missing = this.registry.prepare(call))
      await missing;
  }

  /** undefined: the request is about a stored object. */
  async special(
    call: Call,
    verb: string,
    body: Manifest | undefined,
    query: URLSearchParams,
  ): Promise<SpecialAnswer | undefined> {
    const { group, plural } = call.served.resource;
    const special = this.#specials[`${group}/${plural}/${call.subresource} ${verb}`];
    if (special === undefined) return undefined;
    this.permit(verb, call);
    return special(call, body, query);
  }

  get(call: Call): Manifest {
    this.permit("get", call);
    return call.subresource === "scale" ? getScale(this.registry, call) : getObject(this.registry, call);
  }

  list(call: Call, options: ListOptions): List {
    this.permit("list", call);
    return listObjects(this.registry, call, options);
  }

  /** A list as the text of whole objects. */
  listText(call: Call, options: ListOptions): ListText {
    this.permit("list", call);
    return listText(this.registry, call, options);
  }

  watch(call: Call, options: WatchOptions, deliver: (notices: readonly Notice[]) => void): Watch {
    this.permit("watch", call);
    return watchObjects(this.registry, call, options, deliver);
  }

  async create(call: Call, body: Manifest, options: WriteOptions): Promise<Write<Manifest>> {
    const { group, plural } = call.served.resource;
    const special = this.#specials[`${group}/${plural}/${call.subresource} create`];
    this.permit("create", call);
    if (special !== undefined) return this.#write(call, options, (write) => this.#review(write, body, special));
    if (call.subresource !== "") throw methodNotServed();
    return this.#write(call, options, (write) => createObject(this.registry, write, body));
  }

  /** Answers what is asked for by creation and never stored; who sent which field is noted in the answer. */
  async #review(write: WriteCall, body: Manifest, special: Special): Promise<Manifest> {
    const { resource, subresources } = write.served;
    const spoken = subresources[write.subresource] ?? resource;
    const schema = schemaFor(spoken.group, spoken.version, spoken.kind);
    const { group, version, kind } = spoken;
    const served: Served = { ...write.served, resource: { ...resource, group, version, kind }, schema };
    const call = { ...write, served };
    // What is asked about a pod names it itself, and is refused by its own words where the path names another.
    const isNamedByItself = write.subresource === "" || resource.plural === "pods";
    const asked = decodeObject(call, startDraft({ ...call, name: isNamedByItself ? "" : write.name }, body), false);
    const { metadata } = trackOwnership(this.registry, call, undefined, asked);
    const { body: answer } = await special(write, asked, new URLSearchParams());
    if (!isObject(answer) || answer.kind === "Status") return answer as unknown as Manifest;
    // A review that answers with an object of its own says nothing of who asked.
    const isEcho = !equalJson(answer.spec, {}) || equalJson(asJson(asked).spec, {});
    const own = {
      ...(answer.metadata as JsonObject | undefined),
      ...(isEcho ? (metadata as unknown as JsonObject) : {}),
    };
    return asManifest({ ...answer, kind, apiVersion: group === "" ? version : `${group}/${version}`, metadata: own });
  }

  update(call: Call, body: Manifest, options: WriteOptions): Promise<Write<Manifest>> {
    this.permit("update", call);
    const { served, subresource, name } = call;
    if (subresource === "scale")
      return this.#write(call, options, (write) => updateScale(this.registry, write, () => decodedScale(body, false)));
    if (subresource === "finalize")
      return this.#write(call, options, (write) => finalizeNamespace(this.registry, write, body));
    refuseNameless(call, body);
    const exists = this.#exists(call);
    const uid = body.metadata?.uid ?? "";
    if (!exists && served.strategy.allowsCreateOnUpdate && subresource === "" && uid !== "")
      throw conflict(served.resource, name, otherUidText(call, uid, ""));
    if (!exists && served.strategy.allowsCreateOnUpdate && subresource === "") {
      this.permit("create", call);
      return this.#write(
        call,
        options,
        (write) => createObject(this.registry, write, withoutVersion(body), { isPosted: false }),
        true,
      );
    }
    return this.#write(call, options, (write) => {
      const draft = startDraft(write, body);
      return changeObject(this.registry, write, { make: () => draft, retries: false });
    });
  }

  #exists({ served: { storage }, namespace, name }: Call): boolean {
    return this.registry.collection(storage).get(storageKey(storage, namespace, name)) !== undefined;
  }

  /** Throws unless there is an object to be patched. */
  requireObject(verb: string, call: Call): void {
    this.permit(verb, call);
    const key = storageKey(call.served.storage, call.namespace, call.name);
    if (this.registry.collection(call.served.storage).get(key) === undefined)
      throw notFound(call.served.resource, call.name);
  }

  patch(call: Call, body: PatchBody, options: WriteOptions): Promise<Write<Manifest>> {
    this.permit("patch", call);
    if (call.subresource === "scale")
      return this.#write(call, options, (write) =>
        updateScale(this.registry, write, (scale) => patchedScale(write, scale, body)),
      );
    return this.#write(call, options, (write) => patchObject(this.registry, asPatch(write), body));
  }

  async apply(call: Call, manifest: Manifest, options: ApplyOptions): Promise<Write<Manifest>> {
    this.permit("patch", call);
    if (call.subresource === "scale")
      return this.#write(call, options, (write) =>
        applyScale(this.registry, write, { manifest, isForced: options.isForced === true }),
      );
    if (!this.#exists(call) && call.subresource === "") this.permit("create", call);
    let isNew = false;
    const run = async (write: WriteCall): Promise<Manifest> => {
      const applied = await applyObject(this.registry, asPatch(write), manifest, options.isForced === true);
      isNew = applied.isNew;
      return applied.object;
    };
    const written = await this.#write(call, options, run);
    if (isNew) written.isNew = isNew;
    return written;
  }

  async delete(call: Call, options: DeleteOptions): Promise<Removal & { warnings: string[] }> {
    this.permit("delete", call);
    const warnings: string[] = [];
    const write = this.#writeCall(call, { fieldManager: "", isDryRun: options.isDryRun === true }, warnings);
    const removal = await whenConverted(() => deleteObject(this.registry, write, options)).catch(
      withWarnings(warnings),
    );
    return { ...removal, warnings };
  }

  async deleteCollection(call: Call, options: DeleteOptions & ListOptions): Promise<Doomed & { warnings: string[] }> {
    this.permit("deletecollection", call);
    const warnings: string[] = [];
    const write = this.#writeCall(call, { fieldManager: "", isDryRun: options.isDryRun === true }, warnings);
    const doomed = await whenConverted(() => deleteCollection(this.registry, write, options)).catch(
      withWarnings(warnings),
    );
    return { ...doomed, warnings };
  }

  /** Throws unless the caller may do this, and the resource can. */
  permit(verb: string, call: Call): void {
    const { resource } = call.served;
    const question: AccessQuestion = { verb, group: resource.group, resource: resource.plural };
    if (call.subresource !== "") question.subresource = call.subresource;
    const namespace = placeOf(call);
    if (namespace !== "") question.namespace = namespace;
    if (call.name !== "") question.name = call.name;
    const verdict = this.authorizer.decide(call.identity, question);
    if (!verdict.isAllowed) throw forbidden(resource, call.name, verdict.reason);
    const served = call.subresource === "" ? resource.verbs : call.served.subresources[call.subresource]?.verbs;
    if (served?.includes(verb) !== true) throw methodNotServed();
  }

  async #write(
    call: Call,
    options: WriteOptions,
    run: (write: WriteCall) => Promise<Manifest>,
    isNew = false,
  ): Promise<Write<Manifest>> {
    const warnings: string[] = [];
    const write = this.#writeCall(call, options, warnings);
    try {
      const value = await whenConverted(() => run(write));
      return isNew ? { value, warnings, isNew } : { value, warnings };
    } catch (error) {
      return withWarnings(warnings)(error);
    }
  }

  #writeCall(call: Call, options: BodyOptions, warnings: string[]): WriteCall {
    const { identity, served, namespace, name, subresource } = call;
    const { fieldManager, isDryRun = false, fieldValidation = "Ignore", duplicates, annotate } = options;
    const warn = (text: string): void => {
      if (!warnings.includes(text)) warnings.push(text);
    };
    const own = { fieldManager, isDryRun, fieldValidation, warn };
    // All of them with the same members, written out: every step of every write reads this object.
    const write: WriteCall = { identity, served, namespace, name, subresource, ...own };
    if (duplicates !== undefined) write.duplicates = duplicates;
    if (annotate !== undefined) write.annotate = annotate;
    return write;
  }
}

/** Where a right is needed: a namespace lies in itself, so that a role in it may be for it. */
function placeOf({ served: { resource }, namespace, name }: Call): string {
  return resource.group === "" && resource.plural === "namespaces" ? name : namespace;
}

function asPatch(write: WriteCall): WriteCall {
  write.isPatch = true;
  return write;
}

/** A refusal carries what the client was warned of before. */
function withWarnings(warnings: readonly string[]): (error: unknown) => never {
  return (error) => {
    if (error instanceof Refusal) error.warnings = warnings;
    throw error;
  };
}

/** What a PUT creates may have named the version that it meant to replace. */
function withoutVersion(body: Manifest): Manifest {
  if (typeof body.metadata?.resourceVersion !== "string") return body;
  const { resourceVersion: _, ...metadata } = body.metadata;
  return { ...body, metadata };
}
