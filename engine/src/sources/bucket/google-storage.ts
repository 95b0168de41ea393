// Buckets of Google Cloud Storage, over its JSON API. https://cloud.google.com/storage/docs/json_api/v1/objects/list

import { isObject, type Json } from "#kernel";
import { bytesOf, type HttpAnswer, type HttpClient, refusal } from "#sources/http";
import type { BucketCall, BucketClient, BucketObject, ObjectContent } from "./client.ts";
import { bucketFault } from "./faults.ts";
import { listingPageMost, objectsMost } from "./limits.ts";

export type GoogleOptions = {
  client: HttpClient;
  /** `https://storage.googleapis.com`, or an emulator's address. */
  endpoint: string;
  bucket: string;
  /** undefined: unsigned. */
  token: ((call: BucketCall) => Promise<string>) | undefined;
};

export class GoogleBucket implements BucketClient {
  readonly #options: GoogleOptions;
  /** Tags by key, as they were listed: a download does not give them. */
  readonly #etags = new Map<string, string>();

  constructor(options: GoogleOptions) {
    this.#options = options;
  }

  async exists(call: BucketCall): Promise<boolean> {
    const answer = await this.#send("", {}, call);
    if (answer.status !== 200 && answer.status !== 404) throw await refusal(answer);
    answer.discard();
    return answer.status === 200;
  }

  async *list(prefix: string, call: BucketCall): AsyncIterable<BucketObject> {
    let pageToken = "";
    let count = 0;
    do {
      const query = { ...(prefix === "" ? {} : { prefix }), ...(pageToken === "" ? {} : { pageToken }) };
      const answer = await this.#send("/o", query, call);
      if (answer.status !== 200) throw await refusal(answer);
      const page = this.#parse(await bytesOf(answer, listingPageMost));
      for (const each of page.items) {
        if ((count += 1) > objectsMost) throw this.#unreadable(`the bucket lists more than ${objectsMost} objects`);
        this.#etags.set(each.key, each.etag);
        yield each;
      }
      if (page.next !== "" && page.next === pageToken) throw this.#unreadable("the listing repeats itself");
      pageToken = page.next;
    } while (pageToken !== "");
  }

  async get(key: string, sizeMost: number, call: BucketCall): Promise<ObjectContent | undefined> {
    const answer = await this.#send(`/o/${encodeURIComponent(key)}`, { alt: "media" }, call);
    if (answer.status === 404) {
      answer.discard();
      return undefined;
    }
    if (answer.status !== 200) throw await refusal(answer);
    return { etag: this.#etags.get(key) ?? "", pieces: answer.body(sizeMost) };
  }

  async #send(path: string, query: Readonly<Record<string, string>>, call: BucketCall): Promise<HttpAnswer> {
    const { client, endpoint, bucket, token } = this.#options;
    const search = new URLSearchParams(query).toString();
    const url = `${endpoint.replace(/\/+$/, "")}/storage/v1/b/${encodeURIComponent(bucket)}${path}${search === "" ? "" : `?${search}`}`;
    const headers = token === undefined ? {} : { authorization: `Bearer ${await token(call)}` };
    return client.send({ url, headers, ...call });
  }

  #parse(bytes: Buffer): { items: BucketObject[]; next: string } {
    let data: Json = null;
    try {
      data = JSON.parse(bytes.toString("utf8")) as Json;
    } catch {
      // Told below.
    }
    if (!isObject(data)) throw this.#unreadable("the listing is no JSON object");
    const { items, nextPageToken } = data;
    const objects = (Array.isArray(items) ? items : []).filter(isObject);
    const text = (value: Json | undefined): string => (typeof value === "string" ? value : "");
    return {
      items: objects.map(({ name, etag, size }) => ({
        key: text(name),
        etag: text(etag),
        size: Number(text(size)) || 0,
      })),
      next: text(nextPageToken),
    };
  }

  #unreadable(message: string): Error {
    const { endpoint, bucket } = this.#options;
    return bucketFault({ code: "bucket-listing-invalid", disposition: "retry", at: `${endpoint}/${bucket}`, message });
  }
}
