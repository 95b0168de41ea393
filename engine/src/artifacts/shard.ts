// Which source objects are looked after here, by their labels, and which of the others something here reads. Of those the
// artifact is fetched from where their status says, as Flux's controllers fetch from each other; nothing is asked of their
// servers, and nothing is written to them. Without a selector all are looked after, but for ExternalArtifacts that others write.

import { matchesLabels } from "#cluster";
import { isObject, type Manifest, textOf } from "#kernel";
import type { SourceName } from "./store.ts";

export type ShardOptions = {
  /** As `--watch-label-selector`; undefined: all. */
  selector: string | undefined;
  /** A source object as it was last seen. */
  find: (source: SourceName) => Manifest | undefined;
};

export class Shard {
  readonly #options: ShardOptions;
  readonly #wanted = new Set<string>();
  /** Why the artifact of one that is not looked after here could not be fetched. */
  readonly #failures = new Map<string, string>();

  constructor(options: ShardOptions) {
    this.#options = options;
  }

  /** Whether the object is looked after here. What a generator makes belongs to the generator. */
  has(object: Manifest): boolean {
    if (object.kind !== "ExternalArtifact") return this.#isSelected(object);
    const maker = makerOf(object);
    if (maker === undefined) return false;
    const generator = this.#options.find(maker);
    return generator === undefined ? this.#options.selector === undefined : this.#isSelected(generator);
  }

  /** Something here reads the artifact. True when that is new. */
  want(source: SourceName): boolean {
    const key = keyOf(source);
    if (this.#wanted.has(key)) return false;
    this.#wanted.add(key);
    return true;
  }

  /** Where all that is there belongs to one, what others write is fetched before it is asked for. */
  isWanted(source: SourceName): boolean {
    return this.#options.selector === undefined || this.#wanted.has(keyOf(source));
  }

  forget(source: SourceName): void {
    this.#wanted.delete(keyOf(source));
    this.#failures.delete(keyOf(source));
  }

  fetched(source: SourceName, failure?: string): void {
    if (failure === undefined) this.#failures.delete(keyOf(source));
    else this.#failures.set(keyOf(source), failure);
  }

  failureOf(source: SourceName): string | undefined {
    return this.#failures.get(keyOf(source));
  }

  #isSelected({ metadata }: Manifest): boolean {
    return matchesLabels(this.#options.selector, metadata.labels ?? {});
  }
}

/** The generator whose output an ExternalArtifact is; undefined where somebody else wrote it. */
export function makerOf(object: Manifest): SourceName | undefined {
  const spec = object["spec"];
  const reference = isObject(spec) ? spec["sourceRef"] : undefined;
  const kind = "ArtifactGenerator";
  if (!isObject(reference) || reference["kind"] !== kind) return undefined;
  const namespace = textOf(reference, "namespace") || (object.metadata.namespace ?? "");
  return { kind, namespace, name: textOf(reference, "name") };
}

function keyOf({ kind, namespace, name }: SourceName): string {
  return `${kind}/${namespace}/${name}`;
}
