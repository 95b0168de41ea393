import { describe, expect, it } from "vitest";
import { formatFieldError } from "#api/crd";
import { decodeBuiltin } from "#api/kubernetes";
import { deepFreeze, type JsonObject } from "#kernel";
import { validatePod, validateTemplate } from "../pods.ts";

const container = { name: "main", image: "nginx:1.27" };

function podOf(spec: JsonObject, metadata: JsonObject = {}): JsonObject {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...metadata }, spec };
  return deepFreeze(decodeBuiltin(deepFreeze(pod), "io.k8s.api.core.v1.Pod").object);
}

function errorsOf(spec: JsonObject, live?: JsonObject): string[] {
  const pod = podOf({ containers: [container], ...spec });
  return validatePod(pod, live === undefined ? undefined : podOf({ containers: [container], ...live })).map(
    formatFieldError,
  );
}

const mounted = { name: "a", mountPath: "/a" };

const cases: readonly (readonly [string, JsonObject, readonly string[]])[] = [
  ["a plain pod is let through", {}, []],
  [
    "two sources of one volume exclude each other",
    { volumes: [{ name: "a", emptyDir: {}, configMap: { name: "c" } }] },
    ["spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"],
  ],
  [
    "a volume with a fault cannot be mounted",
    { volumes: [{ name: "a", configMap: {} }], containers: [{ ...container, volumeMounts: [mounted] }] },
    ["spec.volumes[0].configMap.name: Required value", 'spec.containers[0].volumeMounts[0].name: Not found: "a"'],
  ],
  [
    "pages of memory need memory or a processor, and a limit",
    { containers: [{ ...container, resources: { requests: { "hugepages-2Mi": "3Mi" } } }] },
    [
      "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
      'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      "spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
    ],
  ],
  [
    "users of its own go with no other namespace of the host",
    { hostUsers: false, hostIPC: true },
    ["spec.HostIPC: Forbidden: when `hostUsers` is false"],
  ],
  [
    "a pod for Windows has no settings of Linux",
    { os: { name: "windows" }, hostPID: true, securityContext: { runAsUser: 1 } },
    [
      "spec.hostPID: Forbidden: cannot be set for a windows pod",
      "spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
    ],
  ],
  [
    "a container that ends before the others has no probes, one that stays has",
    {
      initContainers: [
        { ...container, name: "a", livenessProbe: { exec: { command: ["x"] } } },
        { ...container, name: "b", restartPolicy: "Always", livenessProbe: { exec: { command: ["x"] } } },
      ],
    },
    [
      "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  ],
];

describe("what is wrong with a pod", () => {
  it.each(cases)("%s", (_title, spec, errors) => {
    expect(errorsOf(spec)).toEqual(errors);
  });

  it("lets a change keep what was wrong in the same way before", () => {
    const settings = { hostNetwork: true, securityContext: { sysctls: [{ name: "net.core.somaxconn", value: "1" }] } };
    expect(errorsOf(settings)).toHaveLength(1);
    expect(errorsOf({ ...settings, activeDeadlineSeconds: 5 }, settings)).toEqual([]);
    expect(errorsOf(settings, {})).toHaveLength(1);
  });

  it("asks of a template less than of a pod, and more", () => {
    const spec = { containers: [{ ...container, image: " nginx" }], ephemeralContainers: [{ name: "d", image: "i" }] };
    const { spec: decoded } = podOf(spec) as { spec: JsonObject };
    const errors = validateTemplate({ metadata: {}, spec: decoded }, "spec.template").map(formatFieldError);
    expect(errors).toEqual([
      "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
    ]);
  });
});
