// The large proofs: runs too long for CI, where a fixed-seed sample of each stands among the tests.
//
//   npm run proof -- NAME [arguments]
import { fileURLToPath } from "node:url";
import { runToEnd } from "./leash.mjs";

/** Name → program, and what it shows. */
const proofs = {
  differential: {
    program: "tools/proofs/differential.mjs",
    about:
      "[report] [seed] [count]: all request scripts on this server and on a real kube-apiserver, what differs (KEELSON_ORACLES)",
  },
  "flux-answers": {
    program: "tools/proofs/flux-answers.mjs",
    about: "[count] [seed]: random inputs through Flux's own libraries and keelson (KEELSON_ORACLES)",
  },
  floods: {
    program: "tools/proofs/floods.mjs",
    about: "[connections]: thousands of connections that stop half-way or say nothing, while others are answered",
  },
  "full-disk": {
    program: "tools/proofs/full-disk.mjs",
    about: "the control plane without room to write: what it keeps, what it says, and that it goes on with room again",
  },
  "helm-beside": {
    program: "tools/proofs/helm-beside.mjs",
    about: "what keelson helm prints and waits for, beside the real helm on both servers (KEELSON_ORACLES)",
  },
  "helm-fuzz": {
    program: "bench/helm/fuzz.mjs",
    about: "[count] [first seed] [report]: random templates through Helm's engine and keelson (KEELSON_ORACLES)",
  },
  "helm-values": {
    program: "bench/helm/values.mjs",
    about:
      "[count] [first seed]: random values of every origin over random subcharts, through helm and keelson (KEELSON_ORACLES)",
  },
  "helm-whole": {
    program: "bench/helm/whole-charts.mjs",
    about:
      "[count] [first seed]: random whole charts, their files, hooks, notes and flags, through helm and keelson (KEELSON_ORACLES)",
  },
  "helm-schemas": {
    program: "bench/helm/schemas.mjs",
    about: "[count] [first seed]: random schemas of every draft and values through helm and keelson (KEELSON_ORACLES)",
  },
  "helm-charts": {
    program: "bench/helm/charts.mjs",
    about:
      "[folder] [--processes]: every chart through helm and keelson, what differs and how long it takes (KEELSON_ORACLES)",
  },
  "helmrelease-kills": {
    program: "tools/proofs/helmrelease-kills.mjs",
    about:
      "[embedded|real] [step]: the engine over HelmReleases killed at every write of an install, an upgrade and a way back (real: KEELSON_ORACLES)",
  },
  hostile: {
    program: "tools/proofs/hostile.mjs",
    about: "[count] [seed]: hostile requests to the control plane, over HTTP/1.1 and HTTP/2",
  },
  incremental: {
    program: "tools/proofs/incremental.mjs",
    about: "[count] [seed]: random commits over a fleet, against fleets that saw only the last one",
  },
  kills: {
    program: "tools/proofs/kills.mjs",
    about: "[count] [seed]: kill -9 of the control plane under load, over HTTPS, with writers and watchers",
  },
  mutants: {
    program: "bench/mutants.mjs",
    about:
      "[kustomize|helm|gotemplate] [count] [seed]: one change of the renderers at a time, which recorded cases must notice",
  },
  races: {
    program: "tools/proofs/races.mjs",
    about:
      "[writes] [rounds] [restarts]: several at once on the same objects: writers, patches of what is deleted, finalizers, watches over restarts",
  },
  "recorded-objects": {
    program: "tools/proofs/recorded-objects.mjs",
    about:
      "[report]: the objects of recorded builds and charts on this server and on a real kube-apiserver (KEELSON_ORACLES, KEELSON_CASES)",
  },
  "release-kills": {
    program: "tools/proofs/release-kills.mjs",
    about:
      "[kills of each] [seed] [embedded|real]: kill -9 of installs, tests, upgrades, rollbacks and uninstalls of Helm releases with hooks",
  },
  "release-charts": {
    program: "tools/proofs/release-charts.mjs",
    about:
      "[count] [from number]: real charts installed, upgraded, uninstalled by helm and keelson (KEELSON_ORACLES, KEELSON_CASES)",
  },
  "sops-fuzz": {
    program: "bench/secrets/fuzz.mjs",
    about: "[count] [first seed]: random files, whole and damaged, through sops and keelson (KEELSON_ORACLES)",
  },
  "kustomize-fuzz": {
    program: "bench/kustomize/fuzz.mjs",
    about: "[count] [first seed]: random trees, whole and damaged, through kustomize and keelson (KEELSON_ORACLES)",
  },
  "kustomize-comments": {
    program: "bench/kustomize/comments.mjs",
    about:
      "[count] [first seed]: random YAML with comments everywhere, through go-yaml v3 and keelson (KEELSON_ORACLES)",
  },
};

const [name = "", ...rest] = process.argv.slice(2);
const proof = Object.hasOwn(proofs, name) ? proofs[name] : undefined;
if (proof === undefined) {
  console.error("npm run proof -- NAME, with NAME one of:");
  for (const [each, { about }] of Object.entries(proofs)) console.error(`  ${each.padEnd(20)} ${about}`);
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
process.exit(await runToEnd([proof.program, ...rest], { cwd: root }));
