// Flags of the commands that work on Helm releases: Helm's names and meanings, as data.

import type { FlagValues } from "../command.ts";

/** Of all of them. */
export const helmFlags = {
  namespace: {
    short: "n",
    takes: "NAME",
    about: "the release's namespace (default: $HELM_NAMESPACE, else the kubeconfig context's)",
  },
  kubeconfig: { takes: "FILE", about: "kubeconfig to use" },
  "kube-context": { takes: "NAME", about: "context of the kubeconfig" },
  "kube-apiserver": { takes: "URL", about: "address of the API server, in place of the kubeconfig's" },
  "kube-token": { takes: "TOKEN", about: "bearer token, in place of the kubeconfig's user" },
  "kube-as-user": { takes: "NAME", about: "act as this user" },
  "kube-as-group": { takes: "NAME", isRepeated: true, about: "act as a member of this group" },
  "kube-ca-file": { takes: "FILE", about: "trust this authority for the API server" },
  "kube-insecure-skip-tls-verify": { about: "accept any certificate of the API server" },
  "kube-tls-server-name": { takes: "NAME", about: "name that the API server's certificate must have" },
  debug: { about: "accepted", isHidden: true },
  color: { takes: "WHEN", about: "accepted", choices: ["never", "auto", "always"], isHidden: true },
  colour: { takes: "WHEN", about: "accepted", choices: ["never", "auto", "always"], isHidden: true },
  qps: { takes: "NUMBER", kind: "number", about: "accepted: the server says when it is too much", isHidden: true },
  "burst-limit": { takes: "NUMBER", kind: "integer", about: "accepted", isHidden: true },
} as const;

export type HelmFlags = FlagValues<typeof helmFlags>;

/** Which API server, and as whom. */
export type ServerFlags = Omit<HelmFlags, "namespace" | "debug" | "color" | "colour" | "qps" | "burst-limit">;

/** Of those that print data. */
export const outputFlag = {
  output: { short: "o", takes: "FORMAT", about: "print as", choices: ["table", "json", "yaml"], default: "table" },
} as const;

/** Of those that change a release. */
export const actionFlags = {
  timeout: { takes: "DURATION", kind: "duration", about: "how long any single step may take", default: "5m" },
  "no-hooks": { about: "do not run hooks" },
  description: { takes: "TEXT", about: "the revision's description, in place of Helm's" },
  wait: {
    takes: "STRATEGY",
    bare: "watcher",
    about: "wait until objects are ready: watcher (kstatus), legacy (Helm 3's rules), hookOnly (default: hooks alone)",
  },
  resume: {
    about: "go on with a revision whose action was killed; only when nothing else is at work on it",
  },
} as const;

/** Of those that write objects. */
export const writeFlags = {
  "wait-for-jobs": { about: "with --wait: until Jobs are complete, too" },
  "force-replace": {
    about: "replace objects instead of patching them (client-side only)",
    excludes: ["force-conflicts"],
  },
  force: { about: "the same as --force-replace", isHidden: true, excludes: ["force-conflicts"] },
  "force-conflicts": { about: "take fields that other managers own" },
  "dry-run": { takes: "MODE", bare: "client", about: "change nothing: client or server" },
} as const;

/** Of install and upgrade, beside those of the chart itself. */
export const renderFlags = {
  "skip-crds": { about: "leave crds/ out" },
  "skip-schema-validation": { about: "do not check values against values.schema.json" },
  "disable-openapi-validation": { about: "do not check objects against their schemas before they are sent" },
  "render-subchart-notes": { about: "show the notes of subcharts too" },
  "hide-notes": { about: "do not print notes" },
  labels: { short: "l", takes: "KEY=VALUE", isPairs: true, about: "labels of the release's record" },
  "take-ownership": { about: "make objects that exist the release's, whoever made them" },
  "rollback-on-failure": { about: "undo what failed; waits, as --wait does" },
  atomic: { about: "the same as --rollback-on-failure", isHidden: true },
  "create-namespace": { about: "create the release's namespace" },
  "enable-dns": { about: "accepted", isHidden: true, ignored: "names are not resolved, getHostByName gives nothing" },
  "hide-secret": { about: "with --dry-run: do not print Secrets" },
} as const;
