// Containers of Azure Blob Storage: by a shared key, a signature in the URL, or a token of Entra.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key

import { createHmac } from "node:crypto";
import type { Clock } from "#kernel";
import { bytesOf, type HttpAnswer, type HttpClient, refusal } from "#sources/http";
import type { BucketCall, BucketClient, BucketObject, ObjectContent } from "./client.ts";
import { bucketFault } from "./faults.ts";
import { listingPageMost, objectsMost } from "./limits.ts";
import { elements, textOf } from "./xml.ts";

export type AzureLogin =
  | { is: "anonymous" }
  | { is: "key"; account: string; key: string }
  /** The query of a shared access signature. */
  | { is: "signature"; query: string }
  | { is: "token"; token: (call: BucketCall) => Promise<string> };

export type AzureOptions = {
  client: HttpClient;
  clock: Clock;
  /** `https://account.blob.core.windows.net`, perhaps with a path. */
  endpoint: string;
  bucket: string;
  login: AzureLogin;
};

const version = "2021-12-02";

export class AzureBucket implements BucketClient {
  readonly #options: AzureOptions;

  constructor(options: AzureOptions) {
    this.#options = options;
  }

  async exists(call: BucketCall): Promise<boolean> {
    const answer = await this.#send("", { restype: "container", comp: "list", maxresults: "1" }, call);
    if (answer.status === 200) {
      answer.discard();
      return true;
    }
    if (answer.status !== 404) throw await refusal(answer);
    answer.discard();
    return false;
  }

  async *list(prefix: string, call: BucketCall): AsyncIterable<BucketObject> {
    let marker = "";
    let count = 0;
    do {
      const query = {
        restype: "container",
        comp: "list",
        ...(prefix === "" ? {} : { prefix }),
        ...(marker === "" ? {} : { marker }),
      };
      const answer = await this.#send("", query, call);
      if (answer.status !== 200) throw await refusal(answer);
      const page = (await bytesOf(answer, listingPageMost)).toString("utf8");
      if (!page.includes("<EnumerationResults")) throw this.#unreadable("the listing is no EnumerationResults");
      for (const each of elements(page, "Blob")) {
        if ((count += 1) > objectsMost) throw this.#unreadable(`the container lists more than ${objectsMost} blobs`);
        // Flux's revision is over the tags as a download gives them, in quotes.
        const etag = `"${textOf(each, "Etag").replace(/^"|"$/g, "")}"`;
        yield { key: textOf(each, "Name"), etag, size: Number(textOf(each, "Content-Length")) || 0 };
      }
      const next = textOf(page, "NextMarker");
      if (next !== "" && next === marker) throw this.#unreadable("the listing repeats itself");
      marker = next;
    } while (marker !== "");
  }

  async get(key: string, sizeMost: number, call: BucketCall): Promise<ObjectContent | undefined> {
    const answer = await this.#send(key, {}, call);
    if (answer.status === 404) {
      answer.discard();
      return undefined;
    }
    if (answer.status !== 200) throw await refusal(answer);
    return { etag: answer.headers.etag ?? "", pieces: answer.body(sizeMost) };
  }

  async #send(key: string, query: Readonly<Record<string, string>>, call: BucketCall): Promise<HttpAnswer> {
    const { client, endpoint, bucket, login, clock } = this.#options;
    const url = new URL(endpoint);
    const path = key === "" ? bucket : `${bucket}/${key}`;
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const extra = login.is === "signature" ? new URLSearchParams(login.query.replace(/^\?/, "")) : [];
    for (const [name, value] of [...extra, ...Object.entries(query)]) url.searchParams.set(name, value);
    const headers: Record<string, string> = {
      "x-ms-version": version,
      "x-ms-date": new Date(clock.now()).toUTCString(),
    };
    if (login.is === "token") headers["authorization"] = `Bearer ${await login.token(call)}`;
    if (login.is === "key") headers["authorization"] = sharedKey(url, headers, login);
    return client.send({ url: url.href, headers, ...call });
  }

  #unreadable(message: string): Error {
    const { endpoint, bucket } = this.#options;
    return bucketFault({ code: "bucket-listing-invalid", disposition: "retry", at: `${endpoint}/${bucket}`, message });
  }
}

function sharedKey(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { account, key }: { account: string; key: string },
): string {
  const own = Object.keys(headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort()
    .map((name) => `${name}:${headers[name] ?? ""}\n`)
    .join("");
  const query = [...url.searchParams]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
    .join("");
  // Eleven headers that we do not send stand as empty lines between the method and our own.
  const text = `GET${"\n".repeat(12)}${own}/${account}${url.pathname}${query}`;
  return `SharedKey ${account}:${createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64")}`;
}
