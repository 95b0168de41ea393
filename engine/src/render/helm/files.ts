// .Files: a chart's other files, by name.

import {
  Bytes,
  compareStrings,
  define,
  GoError,
  type GoFunction,
  GoObject,
  stringOf,
  strings,
  type Value,
} from "#formats/gotemplate";
import type { ChartFile } from "./chart.ts";
import { encodeBase64 } from "./functions/base64.ts";
import { basePath } from "./functions/paths.ts";
import { toYaml } from "./functions/yaml.ts";
import { compileGlob } from "./match.ts";

export class Files extends GoObject {
  readonly goType: string = "engine.files";
  readonly kind: string = "map";
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(files: Iterable<ChartFile>) {
    super();
    this.#files = new Map([...files].map((file) => [file.name, file.data]));
  }
  print(): string {
    return `map[${this.entries()
      .map(([name, bytes]) => `${name as string}:${(bytes as Bytes).print()}`)
      .join(" ")}]`;
  }
  plain(): Value {
    return Object.fromEntries([...this.#files].map(([name, data]) => [name, encodeBase64(data)]));
  }
  override isTrue(): boolean {
    return this.#files.size > 0;
  }
  entries(): [Value, Value][] {
    return [...this.#files]
      .sort(([a], [b]) => compareStrings(a, b))
      .map(([name, data]) => [name, new Bytes(data, encodeBase64)]);
  }
  override field(name: string): Value {
    const data = this.#files.get(name);
    return data === undefined ? undefined : new Bytes(data, encodeBase64);
  }
  override zeroEntry(): Value {
    return new Bytes(new Uint8Array(), encodeBase64);
  }
  override method(name: string): GoFunction | undefined {
    switch (name) {
      case "Get":
        return define("string", (path: string) => this.#text(path));
      case "GetBytes":
        return define("string", (path: string) => new Bytes(this.#files.get(path) ?? new Uint8Array(), encodeBase64));
      case "Glob":
        return define("string", (pattern: string) => this.#glob(pattern));
      case "Lines":
        return define("string", (path: string) => this.#lines(path));
      case "AsConfig":
        return define("", () => yamlOrNothing(this.#byBaseName(stringOf)));
      case "AsSecrets":
        return define("", () => yamlOrNothing(this.#byBaseName(encodeBase64)));
      default:
        return undefined;
    }
  }

  #text(path: string): string {
    const data = this.#files.get(path);
    return data === undefined ? "" : stringOf(data);
  }

  #glob(pattern: string): Files {
    const glob = compileGlob(pattern);
    const names = [...this.#files.keys()].filter((name) => glob === undefined || glob.test(name));
    return new Files(names.map((name) => ({ name, data: this.#files.get(name) as Uint8Array })));
  }

  #lines(path: string): Value {
    const text = this.#text(path);
    return strings(text === "" ? [] : (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n"));
  }

  #byBaseName(convert: (data: Uint8Array) => string): Value {
    return Object.fromEntries(
      this.entries().map(([name, bytes]) => [basePath(name as string), convert((bytes as Bytes).bytes)]),
    );
  }
}

/** What cannot be written is nothing, as toYaml has it in templates. */
function yamlOrNothing(value: Value): string {
  try {
    return toYaml(value);
  } catch (error) {
    if (error instanceof GoError) return "";
    throw error;
  }
}
