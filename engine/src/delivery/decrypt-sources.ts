// Which files a build reads encrypted: the sources of secret generators and patches, which are decrypted before it, as
// Flux's controller does (kustomize-controller 1.9, internal/decryptor); and resources, whose MAC only their file can show.

import { baseName, type FileTree, isObject, joinPath, type Json, type JsonObject, Missing } from "#kernel";
import { encryptedFileMost } from "#secrets";
import { type Format, formatOf, isEncryptedAs } from "#secrets/sops";
import { DeliveryFault } from "./faults.ts";
import { kustomizationOf, nestedKustomization } from "./layout.ts";
import { layoutDepth } from "./limits.ts";

export type EncryptedFile = {
  path: string;
  format: Format;
  content: Uint8Array;
  /** A source is replaced by its decrypted content; a resource is decrypted as an object, after the build. */
  role: "source" | "resource";
};

/** The encrypted files that the build of a folder would read. Throws Missing for what is not at hand. */
export function findEncryptedFiles(tree: FileTree, path: string, options: JsonObject): EncryptedFile[] {
  const finder = new Finder(tree);
  finder.visit(path, kustomizationOf(tree, path, options).value, 0);
  return [...finder.found.values()];
}

class Finder {
  readonly found: Map<string, EncryptedFile> = new Map();
  readonly #tree: FileTree;
  readonly #visited = new Set<string>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  visit(folder: string, kustomization: JsonObject, depth: number): void {
    if (this.#visited.has(folder) || depth > layoutDepth) return;
    this.#visited.add(folder);
    for (const generator of listOf(kustomization["secretGenerator"]).filter(isObject)) {
      for (const source of textsOf(generator["files"])) this.#generatorFile(folder, source);
      for (const source of textsOf(generator["envs"])) {
        const format = formatOf(source);
        this.#look(folder, source, { format: format === "binary" ? "dotenv" : format, role: "source" });
      }
    }
    for (const patch of listOf(kustomization["patches"]).filter(isObject)) {
      const file = patch["path"];
      if (typeof file === "string" && !isElsewhere(file)) {
        this.#look(folder, file, { format: formatOf(file), role: "source" });
      }
    }
    for (const resource of [...textsOf(kustomization["resources"]), ...textsOf(kustomization["components"])]) {
      this.#resource(folder, resource, depth);
    }
  }

  /** `key=path`, or a path whose last part is the key; the key's name says the format. */
  #generatorFile(folder: string, source: string): void {
    const at = source.indexOf("=");
    const key = at < 0 ? source : source.slice(0, at);
    const file = at < 0 ? source : source.slice(at + 1);
    this.#look(folder, file, { format: formatOf(key), role: "source" });
  }

  #resource(folder: string, resource: string, depth: number): void {
    const path = joinPath(folder, resource);
    if (path === undefined || isElsewhere(resource)) return;
    const nested = readNested(this.#tree, path);
    if (nested !== undefined) this.visit(path, nested, depth + 1);
    else this.#look(folder, resource, { format: formatOf(baseName(path)), role: "resource" });
  }

  #look(folder: string, file: string, as: Pick<EncryptedFile, "format" | "role">): void {
    const path = joinPath(folder, file);
    // What is not there, or leaves the source, the build refuses in its own words.
    if (path === undefined || this.#tree.entry(path)?.type !== "file") return;
    if (this.found.get(path)?.role === "source") return;
    const content = this.#tree.read(path);
    if (!isEncryptedAs(content, as.format)) return;
    if (content.length > encryptedFileMost) throw tooLarge(path);
    this.found.set(path, { path, content, ...as });
  }
}

function readNested(tree: FileTree, path: string): JsonObject | undefined {
  try {
    return nestedKustomization(tree, path);
  } catch (thrown) {
    if (thrown instanceof Missing) throw thrown;
    throw new DeliveryFault({
      code: "render-failed",
      disposition: "retry",
      at: path,
      message: "the kustomization cannot be read",
      hint: "correct the file in Git; nothing was changed in the cluster",
      cause: thrown,
    });
  }
}

function tooLarge(at: string): DeliveryFault {
  return new DeliveryFault({
    code: "decryption-failed",
    disposition: "retry",
    at,
    message: `is larger than an encrypted file may be, ${encryptedFileMost / 1024 / 1024} MiB`,
    hint: "split it",
  });
}

function isElsewhere(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(path);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: Json | undefined): string[] {
  return listOf(value).filter((item) => typeof item === "string");
}
