// The repositories that a person has named with `helm repo add`: Helm's own repositories.yaml, read and never written.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseYaml } from "#formats/yaml";
import { isObject } from "#kernel";
import type { Io } from "./io.ts";

/** An entry of repositories.yaml. Files are paths. */
export type NamedRepository = {
  name: string;
  url: string;
  username: string;
  password: string;
  caFile: string;
  certFile: string;
  keyFile: string;
  acceptsAnyCertificate: boolean;
  passesCredentials: boolean;
};

/** Helm's configuration folder. */
export function helmConfigFolder(io: Io): string {
  return io.env["HELM_CONFIG_HOME"] ?? join(io.env["XDG_CONFIG_HOME"] ?? join(io.home, ".config"), "helm");
}

/** The repositories in `file`, or in Helm's own configuration; none when there is no such file. */
export function namedRepositories(io: Io, file: string | undefined): NamedRepository[] {
  const path = file ?? io.env["HELM_REPOSITORY_CONFIG"] ?? join(helmConfigFolder(io), "repositories.yaml");
  if (!existsSync(path)) return [];
  const data = parseYaml(readFileSync(path, "utf8"));
  const list = isObject(data) && Array.isArray(data["repositories"]) ? data["repositories"] : [];
  return list.filter(isObject).map((entry) => {
    const text = (name: string): string => (typeof entry[name] === "string" ? entry[name] : "");
    return {
      name: text("name"),
      url: text("url"),
      username: text("username"),
      password: text("password"),
      caFile: text("caFile"),
      certFile: text("certFile"),
      keyFile: text("keyFile"),
      acceptsAnyCertificate: entry["insecure_skip_tls_verify"] === true,
      passesCredentials: entry["pass_credentials_all"] === true,
    };
  });
}

/** The same address, whatever its trailing slashes. */
export function isSameUrl(a: string, b: string): boolean {
  return a.replace(/\/+$/, "") === b.replace(/\/+$/, "");
}
