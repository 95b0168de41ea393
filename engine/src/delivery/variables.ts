// Reads the objects that a delivery takes variables from, with the engine's own rights, in the delivery's namespace.

import type { Cluster } from "#cluster";
import { isObject } from "#kernel";
import { clusterFault } from "./cluster-faults.ts";
import type { Variables } from "./expand.ts";
import { DeliveryFault } from "./faults.ts";
import { variablesOf } from "./finish.ts";
import type { Kinds } from "./kinds.ts";
import type { Delivery, VariableSource } from "./model.ts";

type Values = { [name: string]: string };

/** The variables of a delivery; undefined when substitution is to be skipped. */
export async function readVariables(
  delivery: Delivery,
  home: { cluster: Pick<Cluster, "get">; kinds: Kinds },
): Promise<Variables | undefined> {
  const { substitution } = delivery;
  if (substitution === undefined) return undefined;
  const found: Values[] = [];
  for (const source of substitution.from) found.push(await readOne(source, home));
  const variables = variablesOf(found, substitution.values);
  return variables.size === 0 && !substitution.isAlways ? undefined : variables;
}

async function readOne(source: VariableSource, home: { cluster: Pick<Cluster, "get">; kinds: Kinds }): Promise<Values> {
  const ref = { group: "", version: "v1", kind: source.kind, namespace: source.namespace, name: source.name };
  const answer = await home.cluster.get(await home.kinds.target(ref));
  if (answer.ok) return valuesOf(answer.value["data"], source.kind === "Secret");
  const at = `${source.kind}/${source.namespace}/${source.name}`;
  if (answer.status.code !== 404) throw clusterFault(answer.status, "variables could not be read", at);
  if (source.isOptional) return {};
  throw new DeliveryFault({
    code: "substitution-failed",
    disposition: "retry",
    at,
    message: "the object that variables are taken from does not exist",
    hint: "create it, or mark the reference as optional",
  });
}

function valuesOf(data: unknown, isEncoded: boolean): Values {
  if (!isObject(data)) return {};
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      const text = typeof value === "string" ? value : "";
      return [name, isEncoded ? Buffer.from(text, "base64").toString("utf8") : text];
    }),
  );
}
