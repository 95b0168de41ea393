// `keelson create source git NAME`: flux's flags.

import { sourceGroup } from "#api/flux";
import { usage } from "../arguments.ts";
import { type Command, defineCommand } from "../command.ts";
import { creationFlags, finishCreation, metadataOf, optional } from "../creation.ts";

export const command: Command = defineCommand({
  arguments: "NAME",
  arity: [1, 1],
  about: "Creates or updates a GitRepository.",
  examples: [
    "keelson create source git podinfo --url https://github.com/stefanprodan/podinfo --branch master --export",
    "keelson create source git podinfo --url https://github.com/stefanprodan/podinfo --tag-semver '>=6.0.0'",
  ],
  flags: {
    ...creationFlags,
    url: { takes: "URL", about: "address of the repository: http, https, ssh (file too in an embedded home)" },
    branch: { takes: "NAME", about: "branch to follow" },
    tag: { takes: "NAME", about: "tag to follow" },
    "tag-semver": { takes: "RANGE", about: "newest tag in a range" },
    "ref-name": { takes: "REF", about: "any reference, for example refs/pull/1/head" },
    commit: { takes: "HASH", about: "one commit" },
    "secret-ref": { takes: "NAME", about: "Secret with the credentials" },
    "proxy-secret-ref": { takes: "NAME", about: "Secret with the proxy's address" },
    provider: { takes: "NAME", about: "who authenticates", choices: ["generic", "aws", "azure", "github"] },
    "ignore-paths": { takes: "PATHS", about: "paths to leave out, as in .gitignore", isList: true },
    "sparse-checkout-paths": { takes: "PATHS", about: "only these folders", isList: true },
    "recurse-submodules": { about: "fetch submodules too" },
  },
  async run({ args, flags, io, ports }) {
    if (flags.url === undefined) throw usage("--url is missing");
    const ref = {
      ...optional("branch", flags.branch),
      ...optional("tag", flags.tag),
      ...optional("semver", flags["tag-semver"]),
      ...optional("name", flags["ref-name"]),
      ...optional("commit", flags.commit),
    };
    if (Object.keys(ref).length === 0)
      throw usage("which revision?", "--branch, --tag, --tag-semver, --ref-name or --commit");
    const spec = {
      interval: flags.interval,
      url: flags.url,
      ref,
      ...optional("provider", flags.provider),
      ...(flags["secret-ref"] === undefined ? {} : { secretRef: { name: flags["secret-ref"] } }),
      ...(flags["proxy-secret-ref"] === undefined ? {} : { proxySecretRef: { name: flags["proxy-secret-ref"] } }),
      ...(flags["ignore-paths"].length === 0 ? {} : { ignore: flags["ignore-paths"].join("\n") }),
      ...(flags["sparse-checkout-paths"].length === 0 ? {} : { sparseCheckout: [...flags["sparse-checkout-paths"]] }),
      ...(flags["recurse-submodules"] ? { recurseSubmodules: true } : {}),
    };
    const metadata = metadataOf(args[0] ?? "", flags, io);
    return await finishCreation({ apiVersion: `${sourceGroup}/v1`, kind: "GitRepository", metadata, spec }, flags, {
      io,
      ports,
    });
  },
});
