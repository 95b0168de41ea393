// One place where every verb passes, in process and over HTTP: authorisation, then the registry. Objects that it returns
// from reads are frozen and shared, those from writes are the caller's own.

import type { ApplyOptions, DeleteOptions, List, ListOptions, PatchBody, WatchOptions, WriteOptions } from "#cluster";
import type { Manifest } from "#kernel";
import {
  type Call,
  changeObject,
  createObject,
  deleteCollection,
  deleteObject,
  forbidden,
  getObject,
  listObjects,
  methodNotAllowed,
  type Notice,
  type Registry,
  type Removal,
  startDraft,
  type Watch,
  watchObjects,
  type WriteCall,
} from "#apiserver/registry";
import type { Authorizer } from "./authorizer.ts";
import { applyObject, patchObject } from "./patching.ts";

export type Write<T> = { value: T; warnings: string[] };

export class Dispatch {
  readonly registry: Registry;
  readonly authorizer: Authorizer;

  constructor(registry: Registry, authorizer: Authorizer) {
    this.registry = registry;
    this.authorizer = authorizer;
  }

  get(call: Call): Manifest {
    this.#permit("get", call);
    return getObject(this.registry, call);
  }

  list(call: Call, options: ListOptions): List {
    this.#permit("list", call);
    return listObjects(this.registry, call, options);
  }

  watch(call: Call, options: WatchOptions, deliver: (notices: readonly Notice[]) => void): Watch {
    this.#permit("watch", call);
    return watchObjects(this.registry, call, options, deliver);
  }

  create(call: Call, body: Manifest, options: WriteOptions): Promise<Write<Manifest>> {
    this.#permit("create", call);
    return this.#write(call, options, (write) => createObject(this.registry, write, body));
  }

  update(call: Call, body: Manifest, options: WriteOptions): Promise<Write<Manifest>> {
    this.#permit("update", call);
    return this.#write(call, options, (write) => {
      const draft = startDraft(write, body);
      return changeObject(this.registry, write, { make: () => draft, retries: false });
    });
  }

  patch(call: Call, body: PatchBody, options: WriteOptions): Promise<Write<Manifest>> {
    this.#permit("patch", call);
    return this.#write(call, options, (write) => patchObject(this.registry, write, body));
  }

  apply(call: Call, manifest: Manifest, options: ApplyOptions): Promise<Write<Manifest>> {
    this.#permit("patch", call);
    return this.#write(call, options, (write) =>
      applyObject(this.registry, write, manifest, options.isForced === true),
    );
  }

  async delete(call: Call, options: DeleteOptions): Promise<Removal> {
    this.#permit("delete", call);
    return deleteObject(
      this.registry,
      this.#writeCall(call, { fieldManager: "", isDryRun: options.isDryRun === true }, []),
      options,
    );
  }

  async deleteCollection(call: Call, options: DeleteOptions & ListOptions): Promise<Manifest[]> {
    this.#permit("deletecollection", call);
    return deleteCollection(
      this.registry,
      this.#writeCall(call, { fieldManager: "", isDryRun: options.isDryRun === true }, []),
      options,
    );
  }

  #permit(verb: string, call: Call): void {
    const { resource } = call.served;
    const question = {
      verb,
      group: resource.group,
      resource: resource.plural,
      ...(call.subresource === "" ? {} : { subresource: call.subresource }),
      ...(call.namespace === "" ? {} : { namespace: call.namespace }),
      ...(call.name === "" ? {} : { name: call.name }),
    };
    const verdict = this.authorizer.decide(call.identity, question);
    if (!verdict.isAllowed) throw forbidden(resource, call.name, verdict.reason);
    const served = call.subresource === "" ? resource.verbs : call.served.subresources[call.subresource]?.verbs;
    if (served?.includes(verb) !== true) throw methodNotAllowed(resource, verb);
  }

  async #write(
    call: Call,
    options: WriteOptions,
    run: (write: WriteCall) => Promise<Manifest>,
  ): Promise<Write<Manifest>> {
    const warnings: string[] = [];
    return { value: await run(this.#writeCall(call, options, warnings)), warnings };
  }

  #writeCall(call: Call, options: WriteOptions, warnings: string[]): WriteCall {
    return {
      ...call,
      fieldManager: options.fieldManager,
      isDryRun: options.isDryRun === true,
      fieldValidation: options.fieldValidation ?? "Ignore",
      warn: (text) => {
        if (!warnings.includes(text)) warnings.push(text);
      },
    };
  }
}
