// Conversion between the versions of a custom kind by its webhook, over HTTPS (apiextensions-apiserver pkg/apiserver/conversion, v1.36).
// Everything else here reads objects without waiting, so what an object becomes is asked for beforehand and kept by its content: a
// conversion may look at nothing else. What is not at hand throws NotConverted; whoever catches it prepares it and begins again.

import { type Conversion, NotConverted, plainError, type PostReview } from "#apiserver/registry";
import {
  asManifest,
  decodeJson,
  decodeUtf8,
  encodeJson,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
  textOf,
} from "#kernel";
import type { Definition } from "./definition.ts";
import { conversionMs, convertedMax } from "./limits.ts";

export type ConversionSources = { post: PostReview; newUid: () => string };

/** How a definition's objects are converted; undefined: only their apiVersion changes. A webhook of a Service is never reached. */
export function conversionOf(definition: Definition, sources: ConversionSources): Conversion | undefined {
  const { conversion } = definition.spec as { conversion?: JsonObject };
  const webhook = conversion?.strategy === "Webhook" ? conversion.webhook : undefined;
  const client = isObject(webhook) ? webhook.clientConfig : undefined;
  if (!isObject(client) || textOf(client, "url") === "") return undefined;
  return new WebhookConversion(client, (webhook as JsonObject).conversionReviewVersions, sources);
}

/** What differs from write to write, and is no business of a conversion. */
const volatile: readonly string[] = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

type Converted = { members: JsonObject; labels: Json | undefined; annotations: Json | undefined };

class WebhookConversion implements Conversion {
  readonly #sources: ConversionSources;
  readonly #url: string;
  readonly #authority: string | undefined;
  readonly #reviewVersion: string;
  readonly #known = new Map<string, Converted>();
  #knownMax = convertedMax;

  constructor(client: JsonObject, versions: Json | undefined, sources: ConversionSources) {
    this.#sources = sources;
    this.#url = `${textOf(client, "url")}?timeout=${conversionMs / 1000}s`;
    const bundle = textOf(client, "caBundle").trim();
    this.#authority = bundle === "" ? undefined : decodeUtf8(Buffer.from(bundle, "base64"));
    const known = Array.isArray(versions) ? versions.find((one) => one === "v1" || one === "v1beta1") : undefined;
    this.#reviewVersion = known === "v1beta1" ? "v1beta1" : "v1";
  }

  convert(object: Manifest, apiVersion: string): Manifest {
    if (object.apiVersion === apiVersion) return object;
    const found = this.#known.get(keyOf(object, apiVersion));
    if (found === undefined) throw new NotConverted(this, object, apiVersion);
    const { labels: _labels, annotations: _annotations, ...metadata } = object.metadata;
    const { labels, annotations, members } = found;
    return asManifest({
      ...members,
      apiVersion,
      kind: object.kind,
      metadata: {
        ...(metadata as unknown as JsonObject),
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    });
  }

  prepare(objects: readonly Manifest[], apiVersion: string): Promise<void> | undefined {
    const missing = new Map<string, Manifest>();
    for (const object of objects) {
      if (object.apiVersion === apiVersion) continue;
      const key = keyOf(object, apiVersion);
      if (!this.#known.has(key)) missing.set(key, object);
    }
    // All that is asked for at once stays at hand together.
    this.#knownMax = Math.max(this.#knownMax, 2 * objects.length);
    return missing.size === 0 ? undefined : this.#ask(missing, apiVersion);
  }

  async #ask(missing: ReadonlyMap<string, Manifest>, apiVersion: string): Promise<void> {
    const objects = [...missing.values()];
    const [first] = objects as [Manifest];
    const what = `conversion webhook for ${goKind(first.apiVersion, first.kind)}`;
    const converted = await this.#review(objects, apiVersion).catch((error: unknown) => {
      throw plainError(`${what} failed: ${error instanceof Error ? error.message : "no answer"}`);
    });
    if (converted.length !== objects.length)
      throw plainError(`${what} returned ${converted.length} objects, expected ${objects.length}`);
    const checked = objects.map((object, index) =>
      checkedAnswer(object, converted[index], { what, apiVersion, index }),
    );
    for (const [index, key] of [...missing.keys()].entries()) this.#keep(key, checked[index] as Converted);
  }

  #keep(key: string, converted: Converted): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= this.#knownMax) this.#known.delete(oldest);
    this.#known.set(key, converted);
  }

  async #review(objects: readonly Manifest[], desiredAPIVersion: string): Promise<Json[]> {
    const uid = this.#sources.newUid();
    const apiVersion = `apiextensions.k8s.io/${this.#reviewVersion}`;
    const request = { uid, desiredAPIVersion, objects: objects as unknown as Json };
    const body = encodeJson({ kind: "ConversionReview", apiVersion, request });
    const call = { url: this.#url, authority: this.#authority, timeoutMs: conversionMs };
    const answer = await this.#sources.post(call, body);
    if (answer.code < 200 || answer.code > 299)
      throw new Error("the server rejected our request for an unknown reason");
    const parsed = decodeJson(answer.body);
    const response = isObject(parsed) ? parsed.response : undefined;
    if (!isObject(response)) throw new Error("no response provided");
    if (this.#reviewVersion === "v1" && response.uid !== uid)
      throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
    const result = isObject(response.result) ? response.result : {};
    if (result.status !== "Success")
      throw new Error(
        textOf(result, "message") || `response.result.status was '${textOf(result, "status")}', not 'Success'`,
      );
    return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
  }
}

function keyOf(object: Manifest, apiVersion: string): string {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !volatile.includes(name)));
  return `${apiVersion}\0${encodeJson({ ...object, metadata } as unknown as JsonObject)}`;
}

/** As Go writes a group, version and kind. */
function goKind(apiVersion: string, kind: string): string {
  return `${apiVersion}, Kind=${kind}`;
}

/** What a webhook made of an object: of its metadata it may change labels and annotations alone. */
function checkedAnswer(
  object: Manifest,
  answer: Json | undefined,
  { what, apiVersion, index }: { what: string; apiVersion: string; index: number },
): Converted {
  const wrong = (words: string): never => {
    throw plainError(`${what} returned ${words}`);
  };
  if (!isObject(answer)) return wrong(`invalid object at index ${index}`);
  if (answer.apiVersion !== apiVersion)
    wrong(
      `invalid object at index ${index}: invalid groupVersion (expected ${apiVersion}, received ${textOf(answer, "apiVersion")})`,
    );
  if (answer.kind !== object.kind)
    wrong(
      `invalid object at index ${index}: invalid kind (expected ${object.kind}, received ${textOf(answer, "kind")})`,
    );
  const { metadata, apiVersion: _apiVersion, kind: _kind, ...members } = answer;
  if (!isObject(metadata)) return wrong("invalid metadata: missing metadata in converted object");
  for (const [name, title] of [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const) {
    const [before, after] = [object.metadata[name] ?? "", textOf(metadata, name)];
    if (before !== after) wrong(`invalid object: must have the same ${title}: ${before} != ${after}`);
  }
  return { members, labels: metadata.labels, annotations: metadata.annotations };
}
