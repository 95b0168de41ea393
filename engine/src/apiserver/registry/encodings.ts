// JSON texts of shared objects, kept while they are hot: a list, a get and every watcher of one write use one encoding.

import { encodeJson, type Manifest } from "#kernel";
import { encodedWeightMax } from "./limits.ts";
import { textWeight } from "./weight.ts";

export class Encodings {
  /** Oldest first: what is used again moves to the end. */
  readonly #texts = new Map<object, Text>();
  readonly #isPassing: (object: Manifest) => boolean;
  #weight = 0;

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
      return known.text;
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
    const known = this.#texts.get(object);
    if (known === undefined) return;
    this.#texts.delete(object);
    this.#weight -= known.weight;
  }

  /** Takes the text that `rest` would make of the object. */
  keep(object: Manifest, text: string): void {
    this.forget(object);
    const weight = textWeight(text);
    this.#texts.set(object, { text, weight });
    this.#weight += weight;
    for (const [oldest, old] of this.#texts) {
      if (this.#weight <= encodedWeightMax) break;
      this.#texts.delete(oldest);
      this.#weight -= old.weight;
    }
  }
}

/** `weight`: of the object too, which stays as long as its text does. */
type Text = { text: string; weight: number };
