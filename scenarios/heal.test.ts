// What people do with kubectl to objects that Git owns, and what becomes of it.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { configMap, deployment, kustomization, namespace } from "./fixtures.ts";
import { Home, hasKubectl, until } from "./home.ts";
import { Repository } from "./repository.ts";

// Every look is a kubectl of its own, and on a busy machine each takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer}}}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: first, namespace: shop}
spec: {size: 3}
`;

describe.skipIf(!hasKubectl)("edits with kubectl", () => {
  const repository = new Repository();
  let home: Home;

  beforeAll(async () => {
    repository.write({
      "clusters/demo/apps.yaml": kustomization("apps", "./apps", "  wait: true\n"),
      "apps/namespace.yaml": namespace("shop"),
      "apps/web.yaml": deployment("web", "shop"),
      "apps/settings.yaml": configMap("settings", { colour: "blue" }, "shop"),
      "apps/noted.yaml": configMap("noted", { colour: "green" }, "shop", "keelson.dev/drift: warn"),
      "apps/widgets.yaml": widgets,
    });
    repository.commit("a shop");
    home = new Home({ args: ["--repo", repository.path, "--branch", "main", "--path", "clusters/demo"] });
    home.start();
    await home.ready();
    await home.readyCondition("kustomization", "apps", "True");
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  const settings = () => home.object("configmap", "settings", "shop");

  it("heals an edited field", async () => {
    await home.kubectl([
      "patch",
      "configmap",
      "settings",
      "-n",
      "shop",
      "--type=merge",
      "-p",
      '{"data":{"colour":"red"}}',
    ]);
    await until("blue again", async () => ((await settings())?.data?.["colour"] === "blue" ? true : undefined));
  });

  it("heals a scaled Deployment", async () => {
    await home.kubectl(["scale", "deployment", "web", "-n", "shop", "--replicas=5"]);
    await until("two replicas", async () =>
      (await home.object("deployment", "web", "shop"))?.spec?.["replicas"] === 2 ? true : undefined,
    );
  });

  it("reports and leaves alone what asks for it", async () => {
    await home.kubectl([
      "patch",
      "configmap",
      "noted",
      "-n",
      "shop",
      "--type=merge",
      "-p",
      '{"data":{"colour":"red"}}',
    ]);
    const event = await until("an event that names the field", async () => {
      const answer = await home.kubectl(["get", "events", "-A", "-o", "json"]);
      const events = JSON.parse(answer.out) as { items: { message: string }[] };
      return events.items.find((each) => each.message.includes("noted") && each.message.includes("data.colour"));
    });
    expect(event.message).toMatch(/kubectl-patch\), by admin; left alone$/);
    expect((await home.object("configmap", "noted", "shop"))?.data?.["colour"]).toBe("red");
  });

  it("names who did it, in the event and in the log of the delivery", async () => {
    const jane = ["--as=jane", "--as-group=system:masters"];
    const edit = '{"data":{"colour":"pink"}}';
    await home.kubectl([...jane, "patch", "configmap", "settings", "-n", "shop", "--type=merge", "-p", edit]);
    const message = 'ConfigMap/shop/settings: data.colour "blue" → "pink" (kubectl-patch), by admin as jane; healed';
    await until("an event that names her", async () => {
      const answer = await home.kubectl(["get", "events", "-n", "flux-system", "-o", "json"]);
      const events = JSON.parse(answer.out) as { items: { message: string }[] };
      return events.items.find((each) => each.message === message);
    });
    await home.kubectl([...jane, "delete", "configmap", "settings", "-n", "shop"]);
    const log = await until("a log with both", async () => {
      const answer = await home.kubectl([
        "get",
        "deliverylog",
        "kustomization-apps",
        "-n",
        "flux-system",
        "-o",
        "json",
      ]);
      const { heals = [] } = JSON.parse(answer.out) as { heals?: { [field: string]: string }[] };
      const hers = heals.filter((heal) => heal["by"] === "admin as jane");
      return hers.length === 2 ? hers : undefined;
    });
    expect(log).toMatchObject([
      { object: "ConfigMap/shop/settings", fields: "was deleted in the cluster" },
      { object: "ConfigMap/shop/settings", managers: "kubectl-patch" },
    ]);
  });

  it("brings back a deleted object", async () => {
    const before = await settings();
    await home.kubectl(["delete", "configmap", "settings", "-n", "shop"]);
    await until("another uid", async () => {
      const now = await settings();
      return now !== undefined && now.metadata.uid !== before?.metadata.uid ? true : undefined;
    });
  });

  it("brings back a deleted namespace with all that was in it", async () => {
    const before = await home.object("namespace", "shop");
    await home.kubectl(["delete", "namespace", "shop", "--wait=false"]);
    await until("the shop again", async () => {
      const now = await home.object("namespace", "shop");
      const web = await home.object("deployment", "web", "shop");
      return now !== undefined && now.metadata.uid !== before?.metadata.uid && web !== undefined ? true : undefined;
    });
  });

  it("brings back a deleted definition with its objects", async () => {
    await home.kubectl(["delete", "customresourcedefinition", "widgets.example.com"]);
    await until("the widget again", async () =>
      (await home.object("widgets.example.com", "first", "shop")) ? true : undefined,
    );
  });

  it("leaves fields that others own and Git does not state", async () => {
    await home.kubectl([
      "label",
      "--field-manager=operator",
      "configmap",
      "settings",
      "-n",
      "shop",
      "operator.example.com/seen=yes",
    ]);
    repository.write({ "apps/settings.yaml": configMap("settings", { colour: "white" }, "shop") });
    repository.commit("white");
    await until("white", async () => ((await settings())?.data?.["colour"] === "white" ? true : undefined));
    expect((await settings())?.metadata.labels?.["operator.example.com/seen"]).toBe("yes");
  });

  it("prunes what a commit removes, and writes nothing for a commit that changes nothing", async () => {
    repository.remove("apps/settings.yaml");
    repository.commit("no settings");
    await until("settings gone", async () => ((await settings()) === undefined ? true : undefined));
    const before = await home.object("deployment", "web", "shop");
    const commit = repository.commit("nothing");
    await until("the new revision noticed", async () => {
      const live = await home.object("kustomization", "apps", "flux-system");
      return String(live?.status?.["lastAppliedRevision"]).includes(commit) ? true : undefined;
    });
    expect((await home.object("deployment", "web", "shop"))?.metadata.generation).toBe(before?.metadata.generation);
  });

  it("stops soon and resumes where it was", async () => {
    const before = await home.object("deployment", "web", "shop");
    expect(await home.stop()).toBeLessThan(30_000);
    home.start();
    await home.ready();
    await home.readyCondition("kustomization", "apps", "True");
    expect((await home.object("deployment", "web", "shop"))?.metadata.uid).toBe(before?.metadata.uid);
  });
});
