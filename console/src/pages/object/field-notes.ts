// Who owns each line of an object, for the margin beside it.

import { fieldsOf, numbered } from "../../text/yaml-lines.ts";
import type { Note } from "../../text/yaml-view.tsx";
import type { FieldOwner } from "../../wire/types.ts";

/** A manager, with what tells its entries apart. */
export function ownerId({ manager, operation, subresource }: FieldOwner): string {
  return [manager, operation, subresource].join("|");
}

/** Who, and for which part: `kube-controller-manager (status)`. */
export function ownerName({ manager, subresource }: FieldOwner): string {
  return subresource === "" ? manager : `${manager} (${subresource})`;
}

/** For each line of `text` who owns its field; fields of several managers name them all. */
export function notesOf(
  text: string,
  owners: readonly FieldOwner[],
  since: (atMs: number) => string,
): (Note | undefined)[] {
  const fields = fieldsOf(text.replace(/\n$/, "").split("\n"));
  const byPath = new Map<string, FieldOwner[]>();
  for (const owner of owners) {
    const path = numbered(owner.path, fields);
    byPath.set(path, [...(byPath.get(path) ?? []), owner]);
  }
  return fields.paths.map((path) => {
    const found = byPath.get(path);
    const [first] = found ?? [];
    if (found === undefined || first === undefined) return undefined;
    const names = [...new Set(found.map(ownerName))].join(", ");
    const newest = Math.max(...found.map((owner) => owner.atMs));
    const place = found.find((owner) => owner.statedAt !== undefined)?.statedAt;
    const git = place === undefined ? "" : ` · ${place.path}:${place.line}`;
    return {
      id: ownerId(first),
      words: newest > 0 ? `${names}, ${since(newest)}` : names,
      title: `${path}\n${found.map((owner) => `${ownerName(owner)} ${owner.operation}`).join("\n")}${git}`,
    };
  });
}
