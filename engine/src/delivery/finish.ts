// What happens to manifests between render and plan: variables, the delivery's marks, and the tidying that makes equal
// intents equal data. Each is a step of its own; none changes its input.

import { createHash } from "node:crypto";
import { formatYaml, parseYaml } from "#formats/yaml";
import { asJson, asManifest, deepFreeze, faultFrom, formatRef, isObject, type Manifest, refOf } from "#kernel";
import { expand, variableName, type Variables } from "./expand.ts";
import { DeliveryFault } from "./faults.ts";
import { normalise } from "./normalise.ts";
import type { Delivery } from "./model.ts";

/** What a delivery wants, ready to be planned. */
export type Finished = {
  manifests: readonly Manifest[];
  /** Of the text that was built, before any mark is put on it: `sha256:` and hex, as in Flux's history. */
  digest: string;
};

/** Rendered manifests made ready to be planned for a delivery. */
export function finish(rendered: readonly Manifest[], delivery: Delivery, variables: Variables | undefined): Finished {
  const digest = createHash("sha256");
  const manifests = rendered.map((manifest, index) => {
    refuseEncrypted(manifest, delivery);
    const built = variables === undefined ? manifest : substitute(manifest, delivery, variables);
    digest.update(`${index === 0 ? "" : "---\n"}${formatYaml(asJson(built))}`);
    return deepFreeze(marked(built, delivery));
  });
  return { manifests, digest: `sha256:${digest.digest("hex")}` };
}

function marked(manifest: Manifest, { policy, commonMetadata }: Delivery): Manifest {
  const { labels, annotations } = commonMetadata;
  return withMetadata(withMetadata(normalise(manifest), { ...policy.marks }, {}), labels, annotations);
}

/** An encrypted object must never be applied as it is; with decryption, none is left but what asks for it. */
function refuseEncrypted(manifest: Manifest, delivery: Delivery): void {
  const sops = manifest["sops"];
  if (!isObject(sops) || sops["mac"] === undefined) return;
  // As in Flux, what is marked to stay encrypted is its own affair, unless it is a Secret.
  if (delivery.decryption !== undefined && manifest.kind !== "Secret") return;
  const isKept = delivery.decryption !== undefined;
  throw new DeliveryFault({
    code: "decryption-missing",
    disposition: "retry",
    at: formatRef(refOf(manifest)),
    message: isKept
      ? "is SOPS encrypted and marked to stay so, and the API server takes no encrypted Secret"
      : "is SOPS encrypted, configuring decryption is required for this secret to be reconciled",
    hint: isKept ? "remove the mark, or the Secret" : "set spec.decryption",
  });
}

function substitute(manifest: Manifest, delivery: Delivery, variables: Variables): Manifest {
  const mark = delivery.substitution?.mark ?? "";
  const { labels, annotations } = manifest.metadata;
  if (labels?.[mark] === "disabled" || annotations?.[mark] === "disabled") return manifest;
  const text = formatYaml(asJson(manifest));
  if (!text.includes("$")) return manifest;
  try {
    return readObject(expand(text, variables, { isStrict: delivery.substitution?.isStrict ?? true }));
  } catch (thrown) {
    const cause = faultFrom(thrown);
    throw new DeliveryFault({
      code: "substitution-failed",
      disposition: "retry",
      at: formatRef(refOf(manifest)),
      message: "post-build substitution failed",
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    });
  }
}

/** What substitution made of an object must still be one. */
function readObject(text: string): Manifest {
  const value = parseYaml(text);
  const isManifest = isObject(value) && typeof value["kind"] === "string" && isObject(value["metadata"]);
  if (isManifest) return asManifest(value);
  throw new DeliveryFault({
    code: "substitution-failed",
    disposition: "retry",
    message: "what comes out is no object",
  });
}

/** The variables of a delivery: `found` in order, later ones winning, then the inline ones. Line breaks are removed. */
export function variablesOf(
  found: readonly { readonly [name: string]: string }[],
  inline: { readonly [name: string]: string },
): Variables {
  const variables = new Map<string, string>();
  for (const values of [...found, inline]) {
    for (const [name, value] of Object.entries(values)) {
      if (!variableName.test(name)) {
        throw new DeliveryFault({
          code: "substitution-failed",
          disposition: "retry",
          at: name,
          message: "is no name for a variable",
          hint: "use letters, digits and underscores, not beginning with a digit",
        });
      }
      variables.set(name, value.replaceAll("\n", ""));
    }
  }
  return variables;
}

function withMetadata(
  manifest: Manifest,
  labels: { [key: string]: string },
  annotations: { [key: string]: string },
): Manifest {
  const metadata = { ...manifest.metadata };
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
  if (Object.keys(annotations).length > 0) metadata.annotations = { ...metadata.annotations, ...annotations };
  return { ...manifest, metadata };
}
