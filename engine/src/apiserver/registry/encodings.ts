// JSON texts of shared objects, kept while they are hot: a list, a get and every watcher of one write use one encoding.

import { encodeJson, type Manifest } from "#kernel";
import { encodedBytesMax } from "./limits.ts";

export class Encodings {
  /** Oldest first: what is used again moves to the end. */
  readonly #texts = new Map<object, string>();
  readonly #isPassing: (object: Manifest) => boolean;
  #bytes = 0;

  /** `isPassing`: the object was decoded for one look, its text is not kept. */
  constructor(isPassing: (object: Manifest) => boolean) {
    this.#isPassing = isPassing;
  }

  /** The text of a frozen object. */
  whole(object: Manifest): string {
    const head = `{"kind":${encodeJson(object.kind)},"apiVersion":${encodeJson(object.apiVersion)}`;
    const rest = this.rest(object);
    return rest === "{}" ? `${head}}` : `${head},${rest.slice(1)}`;
  }

  /** The same without kind and apiVersion, as the items of a list of built-in objects have none. */
  rest(object: Manifest): string {
    const known = this.#texts.get(object);
    if (known !== undefined) {
      this.#texts.delete(object);
      this.#texts.set(object, known);
      return known;
    }
    const { kind: _kind, apiVersion: _apiVersion, ...members } = object;
    const text = encodeJson(members);
    if (!this.#isPassing(object)) this.keep(object, text);
    return text;
  }

  /** True when the next reader costs nothing. */
  has(object: Manifest): boolean {
    return this.#texts.has(object);
  }

  /** The object is not kept any more. */
  forget(object: Manifest): void {
    const text = this.#texts.get(object);
    if (text === undefined) return;
    this.#texts.delete(object);
    this.#bytes -= text.length;
  }

  /** Takes the text that `rest` would make of the object. */
  keep(object: Manifest, text: string): void {
    this.#texts.set(object, text);
    this.#bytes += text.length;
    for (const [oldest, old] of this.#texts) {
      if (this.#bytes <= encodedBytesMax) break;
      this.#texts.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}
