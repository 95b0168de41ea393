// Objects, lists and watch events as JSON text in the form a client asked for.

import type { List } from "#cluster";
import { encodeJson, type Manifest } from "#kernel";
import {
  apiVersionOf,
  type Change,
  itemText,
  type ListText,
  type Notice,
  recentText,
  type Registry,
  type Served,
  type TextBuffer,
} from "#apiserver/registry";
import type { Shape } from "./shape.ts";
import { shownMetadata, tableOf } from "./table.ts";

const lineEnd = Buffer.from("}\n");

export class Presenter {
  readonly #registry: Registry;
  /** Lines of watch events, by the write they tell of: encoded once for all watchers. */
  readonly #lines = new WeakMap<Change, Map<string, Buffer>>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  object(served: Served, object: Manifest, shape: Shape): string | Buffer {
    if (shape.as === "metadata") return encodeJson(metadataBody(object));
    if (shape.as === "table") {
      const metadata = { resourceVersion: object.metadata.resourceVersion };
      return encodeJson(this.#table(served, [object], { include: shape.include, withColumns: true, metadata }));
    }
    return recentText(this.#registry, served, object) ?? encodeJson(object);
  }

  /** A list of whole objects. */
  listOfText(served: Served, list: ListText): Buffer {
    const { resource } = served;
    const metadata = listMetadata(served, list, { as: "whole" });
    const head = encodeJson({ kind: `${resource.kind}List`, apiVersion: apiVersionOf(served), metadata });
    // The comma after the last one.
    list.items.dropLast(1);
    list.items.text("]}");
    return list.items.takeAfter(`${head.slice(0, -1)},"items":[`);
  }

  list(served: Served, list: List, shape: Shape): string {
    const metadata = listMetadata(served, list, shape);
    if (shape.as === "table")
      return encodeJson(this.#table(served, list.items, { include: shape.include, withColumns: true, metadata }));
    const [kind, apiVersion] =
      shape.as === "metadata"
        ? ["PartialObjectMetadataList", "meta.k8s.io/v1"]
        : [`${served.resource.kind}List`, apiVersionOf(served)];
    const items = list.items.map((item) =>
      shape.as === "metadata"
        ? encodeJson(metadataBody(item))
        : served.custom === undefined
          ? itemText(item)
          : encodeJson(item),
    );
    // Go makes the list of the parts as they come: of none, there is no list.
    const isNull = shape.as === "metadata" && items.length === 0;
    return `${encodeJson({ kind, apiVersion, metadata }).slice(0, -1)},"items":${isNull ? "null" : `[${items.join(",")}]`}}`;
  }

  /** One line of a watch stream. `withColumns` is for the first event of a table. */
  line(served: Served, notice: Notice, shape: Shape, withColumns: boolean): Buffer {
    const change = notice.type === "BOOKMARK" ? undefined : notice.change;
    if (change === undefined || shape.as === "table") return this.#encodeLine(served, notice, shape, withColumns);
    let lines = this.#lines.get(change);
    if (lines === undefined) this.#lines.set(change, (lines = new Map()));
    const key = `${notice.type} ${apiVersionOf(served)} ${shape.as}`;
    let line = lines.get(key);
    if (line === undefined) lines.set(key, (line = this.#encodeLine(served, notice, shape, withColumns)));
    return line;
  }

  /** Writes one line of what a watch begins with. */
  // oxlint-disable-next-line max-params -- as `line`, and where to
  writeLine(served: Served, notice: Notice, shape: Shape, withColumns: boolean, to: TextBuffer): void {
    if (notice.type === "BOOKMARK" || notice.write === undefined || shape.as !== "whole")
      return to.bytes(this.line(served, notice, shape, withColumns));
    to.text(`{"type":"${notice.type}","object":`);
    notice.write(to);
    to.text("}\n");
  }

  #encodeLine(served: Served, notice: Notice, shape: Shape, withColumns: boolean): Buffer {
    const head = `{"type":"${notice.type}","object":`;
    const object = this.#noticeBody(served, notice, shape, withColumns);
    if (typeof object === "string") return Buffer.from(`${head}${object}}\n`);
    return Buffer.concat([Buffer.from(head), object, lineEnd]);
  }

  #noticeBody(served: Served, { object }: Notice, shape: Shape, withColumns: boolean): string | Buffer {
    if (shape.as === "whole") return this.object(served, object, shape);
    if (shape.as === "metadata") return encodeJson(metadataBody(object));
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    return encodeJson(this.#table(served, [object], { include: shape.include, withColumns, metadata }));
  }

  #table(
    served: Served,
    objects: readonly Manifest[],
    options: Omit<Parameters<typeof tableOf>[2], "nowMs">,
  ): Record<string, unknown> {
    return tableOf(served, objects, { ...options, nowMs: this.#registry.clock.now() });
  }
}

function listMetadata(served: Served, list: Omit<List, "items">, shape: Shape): Record<string, unknown> {
  return {
    resourceVersion: list.resourceVersion,
    // A list without a type of its own always has the member.
    ...(list.continue === "" && (served.custom === undefined || shape.as !== "whole")
      ? {}
      : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  };
}

function metadataBody(object: Manifest): Record<string, unknown> {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: shownMetadata(object) };
}
