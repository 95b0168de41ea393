// Every verb of kubectl that does not need a kubelet or a controller, by kubectl 1.36 and by the machine's own, on the embedded control
// plane and on a real kube-apiserver: what kubectl prints and how it ends must be the same on both.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Answer, hasKubectl, run, until } from "./home.ts";

const oracles = process.env["KEELSON_ORACLES"] ?? "";
const canRun = ["kubectl", "kube-apiserver", "etcd"].every((name) => existsSync(join(oracles, name)));
const load = async <T>(tool: string): Promise<T> =>
  (await import(new URL(`../tools/${tool}`, import.meta.url).href)) as T;
type Server = { url: string; token: string; stop: () => Promise<void> | void };

const files: Readonly<Record<string, string>> = {
  "web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1"}
`,
  "web-2.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "2", b: "3"}
`,
  "wrong.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: wrong}
spec: {replicas: 1, selectr: {}, template: {}}
`,
  "crd.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wheels.verbs.example.com}
spec:
  group: verbs.example.com
  scope: Namespaced
  names: {plural: wheels, singular: wheel, kind: Wheel, shortNames: [wh], categories: [all]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}, scale: {specReplicasPath: .spec.teeth, statusReplicasPath: .status.teeth}}
      additionalPrinterColumns: [{name: Teeth, type: integer, jsonPath: .spec.teeth}]
      schema:
        openAPIV3Schema:
          type: object
          description: A wheel.
          properties:
            spec:
              type: object
              description: What it shall be.
              required: [teeth]
              properties: {teeth: {type: integer, minimum: 1, description: How many.}, size: {type: string, default: small}}
            status: {type: object, properties: {teeth: {type: integer}}}
`,
  "wheel.yaml": `apiVersion: verbs.example.com/v1
kind: Wheel
metadata: {name: big}
spec: {teeth: 5}
`,
  "node.yaml": `apiVersion: v1
kind: Node
metadata: {name: verbs-node}
`,
  "pod.yaml": `apiVersion: v1
kind: Pod
metadata: {name: bare, labels: {app: bare}}
spec: {nodeName: verbs-node, terminationGracePeriodSeconds: 0, containers: [{name: c, image: "c:1"}]}
`,
  "base/kustomization.yaml": "namePrefix: k-\nconfigMapGenerator: [{name: made, literals: [x=y]}]\n",
  "rbac.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
`,
};

/** One command a line, in order; words with spaces in quotes. */
const script = `
version -o json
api-versions
api-resources --namespaced=true --api-group=apps
api-resources --verbs=list,get --sort-by=name -o name
create namespace shop
config set-context --current --namespace shop
apply -f web.yaml
apply -f web.yaml
diff -f web-2.yaml
diff -f web.yaml
apply -f web-2.yaml --dry-run=server -o yaml
apply -f web-2.yaml
apply -f web-2.yaml --server-side
apply -f web-2.yaml --server-side --force-conflicts --field-manager other
apply view-last-applied configmap settings
apply set-last-applied -f web-2.yaml
apply -f wrong.yaml
apply -f wrong.yaml --validate=ignore
apply -f wrong.yaml --server-side
get all
get deployments
get deployments -o wide
get deployment web -o json
get deployment web -o yaml --show-managed-fields
get deployment web -o name
get deployment web -o "jsonpath={.spec.replicas} {.metadata.name}{\\"\\\\n\\"}"
get deployment web -o "go-template={{.spec.replicas}}"
get deployment web -o custom-columns=N:.metadata.name,R:.spec.replicas
get deployments,configmaps -l app=web --show-labels
get deployments --show-labels
get configmaps -l app=none
get configmaps --field-selector metadata.name=settings -o name
get deployments --sort-by=.metadata.name --no-headers
get nothing
get deployment none
get deployment none --ignore-not-found
get --raw /version/nothing
get deployment web --subresource=status -o name
describe configmap settings
describe deployment web
describe namespace shop
describe deployment none
edit configmap settings
label deployment web tier=front
label deployment web tier=back
label deployment web tier=back --overwrite
label deployment web tier-
label deployments --all swept=yes
annotate deployment web note=hello
annotate deployment web note-
patch deployment web -p {"spec":{"replicas":3}}
patch deployment web --type merge -p {"metadata":{"annotations":{"x":"y"}}}
patch deployment web --type json -p [{"op":"remove","path":"/metadata/annotations/x"}]
patch deployment web --type json -p [{"op":"remove","path":"/metadata/annotations/none"}]
patch deployment web -p {"spec":{"selector":{"matchLabels":{"a":"b"}}}}
patch deployment web --subresource status --type merge -p {"status":{"replicas":3}}
scale deployment web --replicas 4
scale deployment web --current-replicas 1 --replicas 2
scale deployment none --replicas 1
set image deployment/web web=web:2
set image deployment/web none=web:2
set env deployment/web A=1 B=2
set env deployment/web --list
set env deployment/web A-
set resources deployment web --limits cpu=200m,memory=512Mi --requests cpu=100m
set serviceaccount deployment web default
set selector service none a=b
rollout history deployment/web
rollout pause deployment/web
rollout pause deployment/web
rollout resume deployment/web
rollout undo deployment/web
rollout status deployment/web --watch=false
rollout restart deployment/none
expose deployment web --port 80 --target-port 8080
expose deployment web --port 80 --target-port 8080
get service web -o "jsonpath={.spec.ports}{.spec.selector}"
autoscale deployment web --min 2 --max 5 --cpu-percent 80
get hpa
run one --image one:1 --restart Never --labels a=b
run one --image one:1
run two --image two:1 --dry-run=client -o yaml
create configmap lit --from-literal a=b --from-literal c=d
create secret generic hidden --from-literal password=hunter2
get secret hidden -o "jsonpath={.data.password}"
create secret tls pair --cert none --key none
create deployment made --image made:1 --replicas 0 --port 80
create job once --image once:1 -- echo hello
create cronjob often --image often:1 --schedule "*/5 * * * *" -- date
create cronjob bad --image often:1 --schedule "nonsense"
create job from-cron --from cronjob/often
create service clusterip plain --tcp 5678:8080
create service nodeport open --tcp 80 --node-port 99
create ingress way --rule foo.com/bar*=web:80
create role picker --verb get,list --resource pods,deployments.apps
create rolebinding picks --role picker --user jane
create clusterrole seer --verb get --resource nodes
create clusterrolebinding sees --clusterrole seer --group eyes
create serviceaccount robot
create quota small --hard pods=5
create priorityclass urgent --value 1000
create poddisruptionbudget guard --selector app=web --min-available 1
create token none
auth can-i create deployments
auth can-i list pods --as jane
auth can-i delete pods --as jane
auth can-i --list --as jane
auth whoami
auth reconcile -f rbac.yaml
apply -f crd.yaml
wait --for=condition=Established crd/wheels.verbs.example.com --timeout 120s
apply -f wheel.yaml
get wh
get wheels big -o yaml
patch wheel big --type merge -p {"spec":{"teeth":0}}
patch wheel big -p {"spec":{"teeth":7}}
scale wheel big --replicas 9
explain wheel.spec
explain wheel.spec.teeth
explain deployment.spec.strategy
explain pod.spec.containers.livenessProbe --recursive
explain nothing
wait --for=jsonpath={.spec.teeth}=9 wheel/big --timeout 120s
wait --for=condition=Ready wheel/big --timeout 5s
replace -f web-2.yaml
replace -f wheel.yaml --force --grace-period 0
create -f web-2.yaml
create -f node.yaml
cordon verbs-node
uncordon verbs-node
taint node verbs-node a=b:NoSchedule
taint node verbs-node a=b:NoSchedule
taint node verbs-node a-
apply -f pod.yaml
drain verbs-node --ignore-daemonsets --force --timeout 120s
get node verbs-node -o "jsonpath={.spec.unschedulable}"
top pods
top nodes
kustomize base
apply -k base
get configmaps -l none=none
events --for deployment/web
certificate approve none
cluster-info
get priorityclasses
get events --field-selector involvedObject.name=web -o name
attach none
delete configmap none
delete configmap none --ignore-not-found
delete configmap lit --dry-run=server
delete configmap lit --now
delete deployment web --cascade=orphan --wait=false
delete wheel big --wait=false
delete crd wheels.verbs.example.com
get wheels
delete jobs --all
delete -f web-2.yaml
delete pods --all --grace-period 0 --force
delete service web plain
delete all -l app=nobody
`;

type Settled = { args: string[]; holds: (answer: Answer) => boolean };

const isAllowed = (verb: string): Settled => ({
  args: ["auth", "can-i", verb, "pods", "--as", "jane"],
  holds: ({ status }) => status === 0,
});
const path = (raw: string, holds: Settled["holds"]): Settled => ({ args: ["get", "--raw", raw], holds });

/** What a server's own loops must have come to before a command, for its answer to depend on nothing else. */
const settled: Readonly<Record<string, readonly Settled[]>> = {
  "auth can-i list pods --as jane": [isAllowed("list")],
  "apply -f wheel.yaml": [
    path("/apis", ({ out }) => out.includes("verbs.example.com")),
    path("/apis/verbs.example.com/v1/wheels", ({ status }) => status === 0),
    path("/openapi/v3/apis/verbs.example.com/v1", ({ status }) => status === 0),
    path("/openapi/v2", ({ out }) => out.includes("com.example.verbs.v1.Wheel")),
  ],
  "get wheels": [
    path("/apis", ({ status, out }) => status === 0 && !out.includes("verbs.example.com")),
    path("/apis/verbs.example.com/v1/wheels", ({ status }) => status !== 0),
  ],
};

function wordsOf(line: string): string[] {
  if (!line.includes('"') || line.includes(" -p ")) {
    const at = line.indexOf(" -p ");
    return at < 0 ? line.split(" ") : [...line.slice(0, at).split(" "), "-p", line.slice(at + 4)];
  }
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((found) =>
    found[2] === undefined ? (found[1] as string).replaceAll('\\"', '"').replaceAll("\\\\", "\\") : found[2],
  );
}

/** Without ids, addresses, times and ages. */
function plain(text: string, folder: string): string {
  return (
    text
      .replaceAll(folder, "DIR")
      // Who built a server, and out of what; and a uid that only one of the two gives its administrator.
      .replace(/"serverVersion": \{.*?\}/s, (version) =>
        version.replace(/"(git\w+|goVersion|compiler|buildDate)": ".*?"/g, '"$1": ""'),
      )
      .replace(/^UID +admin\n/m, "")
      .replace(/https:\/\/127\.0\.0\.1:\d+/g, "URL")
      .replace(/127\.0\.0\.1:\d+/g, "HOST")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?/g, "TIME")
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[ .+\d]*/g, "TIME")
      .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "TIME")
      .replace(/(resourceVersion"?: )"?\d+"?/g, "$1V")
      .replace(/\b10\.\d+\.\d+\.\d+\b/g, "ADDRESS")
      .replace(/(LIVE|MERGED)-\d+/g, "$1")
      .replace(/\/tmp\/[\w.-]+/g, "TMP")
      .replace(/(\b|<)\d+(\.\d+)?(ms|s|m|h|d)(\d+s)?(?=\s|$)/g, "AGE")
      .replace(/[EIW]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /g, "")
      .replace(/ {2,}/g, "  ")
  );
}

/** What each command printed and how it ended. */
async function transcript(kubectl: string, server: Server): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), "keelson-verbs-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: { token: server.token } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    writeFileSync(join(folder, "config"), JSON.stringify(kubeconfig));
    // Read from a file so that what kubectl writes is changed in place: `edit` with a program for an editor.
    const editor = "sed -i s/b:/c:/";
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      KUBECONFIG: join(folder, "config"),
      KUBE_EDITOR: editor,
      TZ: "UTC",
    };
    const say = (args: string[]): Promise<Answer> => run(kubectl, args, { env, cwd: folder, timeoutMs: 180_000 });
    const told: Record<string, unknown>[] = [];
    for (const line of script.split("\n").filter((one) => one !== "")) {
      for (const { args, holds } of settled[line] ?? [])
        await until(args.join(" "), async () => (holds(await say(args)) ? true : undefined), 180_000);
      const { status, out, err } = await say(wordsOf(line));
      told.push({ line, status, out: plain(out, folder), err: plain(err, folder) });
    }
    return told;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function both(kubectl: string): Promise<[Record<string, unknown>[], Record<string, unknown>[]]> {
  const { startControlPlane } = await load<{ startControlPlane: (folder: string) => Promise<Server> }>(
    "control-plane.mjs",
  );
  const { startOracle } = await load<{ startOracle: () => Promise<Server> }>("oracle-apiserver.mjs");
  const data = mkdtempSync(join(tmpdir(), "keelson-verbs-data-"));
  const [embedded, real] = await Promise.all([startControlPlane(data), startOracle()]);
  try {
    return await Promise.all([transcript(kubectl, embedded), transcript(kubectl, real)]);
  } finally {
    await embedded.stop();
    await real.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

type Told = Record<string, unknown>;

/** Descriptions of Kubernetes' own fields are left out of the schemas on purpose: they are ten times the rest. */
const undescribed: ReadonlySet<unknown> = new Set([
  "explain deployment.spec.strategy",
  "explain pod.spec.containers.livenessProbe --recursive",
]);

/** kubectl before 1.33 prints the members of a map as Go's own loop over it brings them: in any order. */
const unordered: ReadonlySet<unknown> = new Set(["describe configmap settings"]);

function comparable(told: Told | undefined): string {
  if (told === undefined || !unordered.has(told["line"])) return JSON.stringify(told);
  return JSON.stringify({ ...told, out: String(told["out"]).split("\n").sort() });
}

/** The commands that did not end or print alike, with both transcripts. */
function differences(embedded: readonly Told[], real: readonly Told[]): unknown[] {
  return embedded.flatMap((here, at) => {
    const there = real[at];
    if (undescribed.has(here["line"])) return here["status"] === there?.["status"] ? [] : [{ here, there }];
    return comparable(here) === comparable(there) ? [] : [{ here, there }];
  });
}

describe.skipIf(!canRun)("kubectl", () => {
  it("1.36 says the same here as on a real server", { timeout: 900_000 }, async () => {
    const [embedded, real] = await both(join(oracles, "kubectl"));
    expect(differences(embedded, real)).toEqual([]);
  });

  it.skipIf(!hasKubectl)("of this machine does too", { timeout: 900_000 }, async () => {
    const [embedded, real] = await both("kubectl");
    expect(differences(embedded, real)).toEqual([]);
  });
});
