import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Cluster, Identity, Target } from "#cluster";
import { ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";

const writing = { fieldManager: "test" };
const rbacGroup = "rbac.authorization.k8s.io";

let store: Store;
let server: ApiServer;
let cluster: Cluster;
const clock = new ManualClock();

async function targetOf(group: string, kind: string, name: string, subresource?: string): Promise<Target> {
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
  if (resource === undefined) throw new Error(`${kind} is not served`);
  const namespace = resource.isNamespaced ? "default" : "";
  return { resource, namespace, name, ...(subresource === undefined ? {} : { subresource }) };
}

async function create(group: string, object: Manifest): Promise<Manifest> {
  const answer = await cluster.create(await targetOf(group, object.kind, object.metadata.name), object, writing);
  if (!answer.ok) throw new Error(answer.status.message);
  return answer.value;
}

function person(user: string, ...groups: string[]): Identity {
  return { user, groups: [...groups, "system:authenticated"] };
}

function may(identity: Identity, verb: string, resource: string, more: object = {}): Promise<boolean> {
  const question = { verb, group: "", resource, namespace: "default", ...more };
  return cluster
    .as(identity)
    .review(question)
    .then((answer) => answer.ok && answer.value.isAllowed);
}

beforeAll(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock });
  cluster = server.cluster(administrator);
  const roleRef = (name: string): object => ({ apiGroup: rbacGroup, kind: "ClusterRole", name });
  await create(rbacGroup, {
    apiVersion: `${rbacGroup}/v1`,
    kind: "RoleBinding",
    metadata: { name: "viewers" },
    roleRef: roleRef("view"),
    subjects: [{ kind: "Group", apiGroup: rbacGroup, name: "devs" }],
  });
  await create("", { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } });
  await create(rbacGroup, {
    apiVersion: `${rbacGroup}/v1`,
    kind: "Role",
    metadata: { name: "one-map" },
    rules: [{ verbs: ["get", "update"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["mine"] }],
  });
  await create(rbacGroup, {
    apiVersion: `${rbacGroup}/v1`,
    kind: "RoleBinding",
    metadata: { name: "robot" },
    roleRef: { apiGroup: rbacGroup, kind: "Role", name: "one-map" },
    subjects: [{ kind: "ServiceAccount", namespace: "default", name: "robot" }],
  });
});
afterAll(async () => {
  await server.close();
  await store.close();
});

describe("access", () => {
  const robot = person("system:serviceaccount:default:robot");
  const cases: [string, boolean, () => Promise<boolean>][] = [
    ["a viewer reads pods", true, () => may(person("jane", "devs"), "list", "pods")],
    ["a viewer reads no secrets", false, () => may(person("jane", "devs"), "get", "secrets")],
    ["a viewer writes nothing", false, () => may(person("jane", "devs"), "create", "pods")],
    ["a viewer reads a pod's log", true, () => may(person("jane", "devs"), "get", "pods", { subresource: "log" })],
    [
      "a viewer reads nothing elsewhere",
      false,
      () => may(person("jane", "devs"), "list", "pods", { namespace: "other" }),
    ],
    ["a stranger reads nothing", false, () => may(person("joe"), "list", "pods")],
    ["a service account writes what its role names", true, () => may(robot, "update", "configmaps", { name: "mine" })],
    ["and nothing else of that kind", false, () => may(robot, "update", "configmaps", { name: "yours" })],
  ];
  for (const [what, expected, ask] of cases) it(what, async () => expect(await ask()).toBe(expected));

  it("refuses in the words of kube-apiserver", async () => {
    const answer = await cluster
      .as(person("jane"))
      .list((await targetOf("", "Pod", "")).resource, { namespace: "default" });
    expect(answer).toMatchObject({
      status: {
        code: 403,
        message:
          'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
      },
    });
  });

  it("gives an edit role the rights of view as well", async () => {
    const edit = await cluster.get(await targetOf(rbacGroup, "ClusterRole", "edit"));
    const rules = edit.ok ? (edit.value.rules as { resources: string[]; verbs: string[] }[]) : [];
    const onPods = rules.filter((rule) => rule.resources.includes("pods")).flatMap((rule) => rule.verbs);
    expect(onPods).toEqual(expect.arrayContaining(["create", "delete", "get", "list", "watch"]));
  });

  it("issues tokens that are known until they expire or their account is gone", async () => {
    const target = await targetOf("", "ServiceAccount", "robot", "token");
    const request: Manifest = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: "" },
      spec: { expirationSeconds: 600 },
    };
    const issued = await cluster.create(target, request, writing);
    const token = issued.ok ? (issued.value.status as { token: string }).token : "";
    const whose = async (given: string): Promise<unknown> => {
      const review: Manifest = {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        metadata: { name: "" },
        spec: { token: given },
      };
      const answer = await cluster.create(await targetOf("authentication.k8s.io", "TokenReview", ""), review, writing);
      return answer.ok ? (answer.value.status as { user?: { username: string } }).user?.username : undefined;
    };
    expect(await whose(token)).toBe("system:serviceaccount:default:robot");
    expect(await whose(`${token.slice(0, -4)}AAAA`)).toBeUndefined();
    clock.advance(601_000);
    expect(await whose(token)).toBeUndefined();
  });
});
