// Go's path package.

import { define, type FunctionTable, type GoFunction } from "#formats/gotemplate";

/** path.Clean. */
export function cleanPath(path: string): string {
  if (path === "") return ".";
  const isRooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isRooted) parts.push("..");
  }
  const joined = parts.join("/");
  if (isRooted) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** path.Base. */
export function basePath(path: string): string {
  if (path === "") return ".";
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function directory(path: string): string {
  return cleanPath(path.slice(0, path.lastIndexOf("/") + 1));
}

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}

const functions: { readonly [name: string]: GoFunction } = {
  base: define("string", basePath),
  dir: define("string", directory),
  clean: define("string", cleanPath),
  ext: define("string", extension),
  isAbs: define("string", (path: string) => path.startsWith("/")),
};

/** The os forms equal the plain ones on Unix. */
export const pathFunctions: FunctionTable = {
  ...functions,
  osBase: functions["base"] as GoFunction,
  osDir: functions["dir"] as GoFunction,
  osClean: functions["clean"] as GoFunction,
  osExt: functions["ext"] as GoFunction,
  osIsAbs: functions["isAbs"] as GoFunction,
};
