// JSON texts of shared objects, kept while they are hot: a list, a get and every watcher of one write use one encoding.

import { encodeJson, type Manifest } from "#kernel";
import { encodedBytesMax } from "./limits.ts";

export class Encodings {
  /** Oldest first: what is used again moves to the end. */
  readonly #texts = new Map<object, string>();
  #bytes = 0;

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
    this.keep(object, text);
    return text;
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
