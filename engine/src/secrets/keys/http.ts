// One question to a key service: bounded in time and size, no redirects, and nothing of the answer in any message but the
// service's own error code.

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { rootCertificates } from "node:tls";
import { type AskCloud, type CloudAnswer, reasonOf } from "#clouds";
import { decodeUtf8, type Json } from "#kernel";
import { SecretsFault } from "../faults.ts";
import { keyServiceAnswerMost, keyServiceTimeoutMs } from "../limits.ts";

export type { AskCloud as AskHttp, CloudAnswer as HttpAnswer, CloudQuestion as HttpQuestion } from "#clouds";

/** Asks over the network. `authority` is PEM of authorities to trust beside the system's. */
export function askOverNetwork(authority?: string): AskCloud {
  return (question) =>
    new Promise((resolve, reject) => {
      const url = new URL(question.url);
      const open = url.protocol === "https:" ? httpsRequest : httpRequest;
      const request = open(url, {
        method: question.method,
        headers: { ...question.headers, "content-length": Buffer.byteLength(question.body ?? "") },
        signal: AbortSignal.timeout(question.timeoutMs ?? keyServiceTimeoutMs),
        ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] }),
      });
      request.on("error", (error) => reject(unreachable(url, error)));
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          size += part.length;
          if (size > keyServiceAnswerMost) request.destroy(new Error("the answer is too long"));
          else parts.push(part);
        });
        response.on("error", (error) => reject(unreachable(url, error)));
        response.on("end", () => {
          const headers: { [name: string]: string } = {};
          for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value);
          resolve({ status: response.statusCode ?? 0, headers, body: decodeUtf8(Buffer.concat(parts)) });
        });
      });
      request.end(question.body ?? "");
    });
}

function unreachable(url: URL, error: Error): SecretsFault {
  return new SecretsFault({
    code: "key-service-unreachable",
    disposition: "retry",
    at: url.host,
    message: "the key service could not be reached",
    hint: "is the address right, and reachable from here?",
    cause: new Error(error.name === "TimeoutError" ? "no answer in time" : error.message),
  });
}

/** The JSON of a good answer. A refusal becomes a fault: what may pass is retried. */
export function jsonOf(answer: CloudAnswer, service: string): Json {
  if (answer.status >= 200 && answer.status < 300) {
    try {
      return JSON.parse(answer.body) as Json;
    } catch {
      throw refused(service, answer.status, "the answer is no JSON");
    }
  }
  throw refused(service, answer.status, reasonOf(answer.body));
}

export function refused(service: string, status: number, reason: string): SecretsFault {
  const mayPass = status === 429 || status >= 500;
  return new SecretsFault({
    code: mayPass ? "key-service-unreachable" : "key-service-refused",
    disposition: mayPass ? "retry" : "stall",
    message: `${service} answered ${status}${reason === "" ? "" : `: ${reason}`}`,
    hint: mayPass ? "it is tried again" : "check the credentials, and that they may decrypt with this key",
  });
}
