// Every kubectl verb people use daily, against a running home, with the kubectl that is on the machine.

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configMap, deployment, namespace } from "./fixtures.ts";
import { type Answer, Home, hasKubectl, run } from "./home.ts";

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  names: {kind: Gadget, plural: gadgets, shortNames: [gd]}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              description: What the gadget should be.
              properties: {size: {type: integer, description: Its size in units.}}
`;

describe.skipIf(!hasKubectl)("kubectl", () => {
  let home: Home;
  const app = deployment("web", "shop");

  beforeAll(async () => {
    home = new Home({ args: ["--no-example"] });
    home.start();
    await home.ready();
    await works(["apply", "-f", "-"], namespace("shop"));
  });

  afterAll(() => home[Symbol.asyncDispose]());

  async function works(args: string[], input?: string): Promise<string> {
    const answer: Answer = await home.kubectl(args, input);
    expect(answer, `kubectl ${args.join(" ")}`).toMatchObject({ status: 0 });
    return answer.out;
  }

  it("applies on the client's and on the server's side, and sees no difference after", async () => {
    expect(await works(["apply", "-f", "-"], app)).toMatch(/deployment.apps\/web created/);
    expect(await works(["apply", "-f", "-"], app)).toMatch(/unchanged/);
    expect(await works(["diff", "-f", "-"], app)).toBe("");
    expect(await works(["apply", "--server-side", "-f", "-"], configMap("settings", { a: "1" }, "shop"))).toMatch(
      /serverside-applied/,
    );
    const differs = await home.kubectl(["diff", "-f", "-"], app.replace("replicas: 2", "replicas: 3"));
    expect(differs).toMatchObject({ status: 1 });
    expect(differs.out).toMatch(/\+ {2}replicas: 3/);
  });

  it("waits for a rollout, sets an image, undoes it, restarts and shows the history", async () => {
    const status = ["rollout", "status", "deployment/web", "-n", "shop", "--timeout=30s"];
    expect(await works(status)).toMatch(/successfully rolled out/);
    await works(["set", "image", "deployment/web", "app=registry.example.com/app:2.0.0", "-n", "shop"]);
    await works(status);
    expect(await works(["rollout", "history", "deployment/web", "-n", "shop"])).toMatch(/\n2 /);
    await works(["rollout", "undo", "deployment/web", "-n", "shop"]);
    await works(status);
    await works(["rollout", "restart", "deployment/web", "-n", "shop"]);
    await works(status);
    const image = [
      "get",
      "deployment",
      "web",
      "-n",
      "shop",
      "-o",
      "jsonpath={.spec.template.spec.containers[0].image}",
    ];
    expect(await works(image)).toBe("registry.example.com/app:1.0.0");
  });

  it("edits by an editor", async () => {
    const editor = join(home.data, "editor.sh");
    writeFileSync(editor, `#!/bin/sh\nsed -i 's/a: "1"/a: "2"/' "$1"\n`);
    chmodSync(editor, 0o755);
    const env = { ...process.env, KUBECONFIG: home.kubeconfig, KUBE_EDITOR: editor };
    const answer = await run("kubectl", ["edit", "configmap", "settings", "-n", "shop"], { env });
    expect(answer).toMatchObject({ status: 0, out: expect.stringMatching(/edited/) as string });
    expect((await home.object("configmap", "settings", "shop"))?.data).toEqual({ a: "2" });
  });

  it("scales, labels, annotates, patches and waits", async () => {
    await works(["scale", "deployment", "web", "--replicas=4", "-n", "shop"]);
    await works([
      "wait",
      "deployment",
      "web",
      "-n",
      "shop",
      "--for=jsonpath={.status.readyReplicas}=4",
      "--timeout=30s",
    ]);
    await works(["label", "deployment", "web", "tier=front", "-n", "shop"]);
    await works(["annotate", "deployment", "web", "note=seen", "-n", "shop"]);
    await works(["patch", "deployment", "web", "-n", "shop", "-p", '{"spec":{"replicas":1}}']);
    await works(["wait", "deployment", "web", "-n", "shop", "--for=condition=Available", "--timeout=30s"]);
    expect(await works(["get", "deployment", "-n", "shop", "-l", "tier=front", "-o", "name"])).toBe(
      "deployment.apps/web\n",
    );
  });

  it("describes, explains, logs and lists what is served", async () => {
    expect(await works(["describe", "deployment", "web", "-n", "shop"])).toMatch(/Events:[\s\S]*ScalingReplicaSet/);
    expect(await works(["explain", "deployment.spec.strategy"])).toMatch(/DESCRIPTION/);
    expect(await works(["api-resources"])).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
    expect(await works(["logs", "deployment/web", "-n", "shop"])).toMatch(/simulated/);
    expect(await works(["get", "all", "-n", "shop"])).toMatch(/replicaset.apps\/web-/);
    expect(await works(["auth", "can-i", "delete", "pods"])).toBe("yes\n");
  });

  it("watches", async () => {
    const watching = home.kubectl(["get", "configmap", "-n", "shop", "-w", "-o", "name", "--request-timeout=3s"]);
    await new Promise((resolve) => setTimeout(resolve, 800));
    await works(["create", "configmap", "seen", "-n", "shop", "--from-literal=a=b"]);
    expect((await watching).out).toMatch(/configmap\/seen/);
  });

  it("serves a new definition with its columns and words", async () => {
    await works(["apply", "-f", "-"], widgets);
    await works(["wait", "crd", "gadgets.example.com", "--for=condition=Established", "--timeout=10s"]);
    await works(
      ["apply", "-f", "-"],
      "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: one, namespace: shop}\nspec: {size: 3}\n",
    );
    expect(await works(["get", "gd", "-n", "shop"])).toMatch(/NAME +SIZE\none +3/);
    expect(await works(["explain", "gadget.spec.size"])).toMatch(/Its size in units/);
    const wrong = await home.kubectl(
      ["apply", "-f", "-"],
      "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: two, namespace: shop}\nspec: {size: big}\n",
    );
    expect(wrong).toMatchObject({ status: 1 });
    expect(wrong.err).toMatch(/spec.size/);
  });

  it("deletes, and refuses what is no longer there", async () => {
    await works(["delete", "deployment", "web", "-n", "shop"]);
    await works(["wait", "pods", "--all", "-n", "shop", "--for=delete", "--timeout=30s"]);
    expect(await home.kubectl(["get", "deployment", "web", "-n", "shop"])).toMatchObject({ status: 1 });
    await works(["delete", "namespace", "shop", "--timeout=30s"]);
  });
});
