// Buckets of S3 and of servers that speak it: signed where there are credentials, addressed by path, or by host at AWS itself.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html

import type { Clock } from "#kernel";
import { bytesOf, type HttpAnswer, type HttpClient, refusal } from "#sources/http";
import type { BucketCall, BucketClient, BucketObject, ObjectContent } from "./client.ts";
import { bucketFault } from "./faults.ts";
import { listingPageMost, objectsMost } from "./limits.ts";
import { type AwsCredentials, encodeUri, signV4 } from "#clouds";
import { elements, textOf } from "./xml.ts";

export type S3Options = {
  client: HttpClient;
  clock: Clock;
  /** `https://host:port`, perhaps with a path; the bucket's name follows it. */
  endpoint: string;
  bucket: string;
  /** "" where none is named: the server tells. */
  region: string;
  /** undefined: unsigned. */
  credentials: ((call: BucketCall) => Promise<AwsCredentials>) | undefined;
};

export class S3Bucket implements BucketClient {
  readonly #options: S3Options;
  readonly #base: URL;
  #region: string;

  constructor(options: S3Options) {
    this.#options = options;
    this.#base = baseOf(options);
    this.#region = options.region || regionOf(this.#base.hostname) || "us-east-1";
  }

  async exists(call: BucketCall): Promise<boolean> {
    const answer = await this.#ask("HEAD", "", {}, call);
    answer.discard();
    if (answer.status === 404) return false;
    if (answer.status === 200) return true;
    throw await refusal(answer);
  }

  async *list(prefix: string, call: BucketCall): AsyncIterable<BucketObject> {
    let token = "";
    let count = 0;
    do {
      const query = {
        "list-type": "2",
        "encoding-type": "url",
        ...(prefix === "" ? {} : { prefix }),
        ...(token === "" ? {} : { "continuation-token": token }),
      };
      const answer = await this.#ask("GET", "", query, call);
      if (answer.status !== 200) throw await refusal(answer);
      const page = (await bytesOf(answer, listingPageMost)).toString("utf8");
      if (!page.includes("<ListBucketResult")) throw this.#unreadable("the listing is no ListBucketResult");
      const isEncoded = textOf(page, "EncodingType") === "url";
      for (const each of elements(page, "Contents")) {
        if ((count += 1) > objectsMost) throw this.#unreadable(`the bucket lists more than ${objectsMost} objects`);
        const key = textOf(each, "Key");
        yield {
          key: isEncoded ? decodeURIComponent(key.replaceAll("+", " ")) : key,
          etag: trimQuotes(textOf(each, "ETag")),
          size: Number(textOf(each, "Size")) || 0,
        };
      }
      const next = textOf(page, "IsTruncated") === "true" ? textOf(page, "NextContinuationToken") : "";
      if (next !== "" && next === token) throw this.#unreadable("the listing repeats itself");
      token = next;
    } while (token !== "");
  }

  async get(key: string, sizeMost: number, call: BucketCall): Promise<ObjectContent | undefined> {
    const answer = await this.#ask("GET", key, {}, call);
    if (answer.status === 404) {
      answer.discard();
      return undefined;
    }
    if (answer.status !== 200) throw await refusal(answer);
    return { etag: trimQuotes(answer.headers.etag ?? ""), pieces: answer.body(sizeMost) };
  }

  /** One request; asked again in another region where the server names one. */
  async #ask(
    method: "GET" | "HEAD",
    key: string,
    query: Readonly<Record<string, string>>,
    call: BucketCall,
  ): Promise<HttpAnswer> {
    const answer = await this.#send(method, key, query, call);
    if (this.#options.region !== "" || ![301, 307, 400].includes(answer.status)) return answer;
    const told = answer.headers["x-amz-bucket-region"];
    if (typeof told !== "string" || told === this.#region) return answer;
    answer.discard();
    this.#region = told;
    return this.#send(method, key, query, call);
  }

  async #send(
    method: "GET" | "HEAD",
    key: string,
    query: Readonly<Record<string, string>>,
    call: BucketCall,
  ): Promise<HttpAnswer> {
    const { client, clock, credentials } = this.#options;
    const url = new URL(this.#base);
    if (key !== "") url.pathname += key.split("/").map(encodeUri).join("/");
    url.search = Object.entries(query)
      .map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`)
      .join("&");
    const signed =
      credentials === undefined
        ? {}
        : signV4({ method, url, service: "s3", region: this.#region, nowMs: clock.now() }, await credentials(call));
    return client.send({ url: url.href, method, headers: signed, ...call });
  }

  #unreadable(message: string): Error {
    return bucketFault({ code: "bucket-listing-invalid", disposition: "retry", at: this.#base.href, message });
  }
}

/** AWS wants the bucket in the host's name; others may not have names for it. */
function baseOf({ endpoint, bucket }: S3Options): URL {
  const url = new URL(endpoint);
  if (/(^|\.)amazonaws\.com(\.cn)?$/.test(url.hostname) && /^[a-z0-9-]+$/.test(bucket)) {
    url.hostname = `${bucket}.${url.hostname}`;
    return url;
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${encodeUri(bucket)}/`;
  return url;
}

/** `s3.eu-west-1.amazonaws.com`, `s3-eu-west-1…`; the name without a region is us-east-1's. */
function regionOf(host: string): string {
  return /s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com/.exec(host)?.[1] ?? "";
}

function trimQuotes(etag: string): string {
  return etag.replace(/^"|"$/g, "");
}
