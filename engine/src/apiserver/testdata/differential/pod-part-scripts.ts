// Parts of a pod that are written by themselves: containers added for debugging, resources changed while it runs.

import { applied, get, patch, post, put, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";

type Part = Record<string, unknown>;

const pods = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

function opened(namespace: string, ...pod: Part[]): Step[] {
  return [
    unseen(post("/api/v1/namespaces", { metadata: { name: namespace } })),
    unseen(post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } })),
    ...pod.map((one) => unseen(post(pods(namespace), one))),
  ];
}

function pod(name: string, container: Part = {}, spec: Part = {}): Part {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { automountServiceAccountToken: false, containers: [{ name: "main", image: "a:1", ...container }], ...spec } };
}

const debug = { name: "debug", image: "busybox", stdin: true, tty: true };

function debugging(namespace: string): Step[] {
  const path = `${pods(namespace)}/p/ephemeralcontainers`;
  const add = (container: Part, more: Part = {}): Step => patch(path, "strategic", { spec: { ephemeralContainers: [container] }, ...more });
  return [
    get(path),
    withQuery(add(debug), "dryRun=All"),
    add({ ...debug, targetContainerName: "main" }),
    add({ ...debug, image: "other" }),
    add({ name: "second", image: "busybox", command: ["sh"], env: [{ name: "A", value: "b" }], volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    add({ name: "third", image: "busybox", securityContext: { capabilities: { add: ["SYS_PTRACE"] } } }, { metadata: { labels: { a: "b" } } }),
    ...[{ image: "x" }, { name: "A_B", image: "x" }, { name: "main", image: "x" }, { name: "t1", image: "x", targetContainerName: "none" }, { name: "t2", image: "x", ports: [{ containerPort: 80 }] }, { name: "t3", image: "x", livenessProbe: { exec: { command: ["a"] } } }, { name: "t4", image: "x", resources: { limits: { cpu: "1" } } }, { name: "t5", image: "x", lifecycle: { preStop: { exec: { command: ["a"] } } } }, { name: "t6" }, { name: "t7", image: "x", volumeMounts: [{ name: "none", mountPath: "/x" }] }, { name: "t8", image: "x", volumeMounts: [{ name: "v", mountPath: "/x", subPath: "a" }] }, { name: "t9", image: "x", restartPolicy: "Always" }, { name: "t10", image: "x", resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] }, { name: "t11", image: "x", imagePullPolicy: "Odd" }].map((one) => add(one)),
    patch(path, "json", [{ op: "remove", path: "/spec/ephemeralContainers/0" }]),
    patch(path, "merge", { spec: { ephemeralContainers: [] } }),
    patch(path, "merge", { spec: { containers: [{ name: "main", image: "changed" }] } }),
    saved("p", get(`${pods(namespace)}/p`)),
    put(path, pod("p")),
    put(path, { ...pod("p", {}, { ephemeralContainers: [debug] }), metadata: { name: "p", resourceVersion: "1" } }),
    put(path, { ...pod("other"), spec: {} }),
    applied(path, "debugger", { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { ephemeralContainers: [{ name: "fourth", image: "busybox" }] } }),
    patch(`${pods(namespace)}/p`, "strategic", { spec: { ephemeralContainers: [{ name: "fifth", image: "x" }] } }),
    post(pods(namespace), pod("with", {}, { ephemeralContainers: [debug] })),
    patch(`${pods(namespace)}/none/ephemeralcontainers`, "strategic", { spec: { ephemeralContainers: [debug] } }),
    { method: "DELETE", path },
    post(path, pod("p")),
    get(`${pods(namespace)}/p`),
  ];
}

function resizing(namespace: string): Step[] {
  const path = (name: string): string => `${pods(namespace)}/${name}/resize`;
  const resize = (resources: Part, more: Part = {}, name = "p"): Step => patch(path(name), "strategic", { spec: { containers: [{ name: "main", resources, ...more }] } });
  return [
    get(path("p")),
    resize({ requests: { cpu: "200m" }, limits: { cpu: "400m" } }),
    resize({ requests: { memory: "128Mi" }, limits: { memory: "256Mi" } }),
    resize({ requests: { cpu: "800m" } }),
    resize({ requests: { cpu: "-1" } }),
    resize({ requests: { "ephemeral-storage": "1Gi" } }),
    resize({ limits: { memory: "128Mi" } }),
    resize({ requests: { cpu: null } }),
    resize({ requests: { cpu: "300m" } }, { image: "changed" }),
    resize({ requests: { cpu: "300m" } }, {}, "bare"),
    resize({ requests: { cpu: "300m" } }, {}, "none"),
    withQuery(resize({ requests: { cpu: "250m" } }), "dryRun=All"),
    applied(path("p"), "sizer", { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "main", resources: { requests: { cpu: "350m" } } }] } }, "&force=true"),
    patch(path("p"), "merge", { metadata: { labels: { a: "b" } }, status: { phase: "Running" } }),
    patch(`${pods(namespace)}/p`, "strategic", { spec: { containers: [{ name: "main", resources: { requests: { cpu: "50m" } } }] } }),
    get(`${pods(namespace)}/p`),
  ];
}

export const podPartScripts: readonly Script[] = [
  { name: "pods: containers added for debugging", steps: [...opened("part-debug", pod("p", {}, { volumes: [{ name: "v", emptyDir: {} }] })), ...debugging("part-debug")] },
  {
    name: "pods: resources changed while they run",
    steps: [...opened("part-resize", pod("p", { resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } } }), pod("bare")), ...resizing("part-resize")],
  },
];
