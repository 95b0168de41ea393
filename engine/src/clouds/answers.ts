// What clouds' token services say, read strictly.

import { fieldOf, isObject, type Json, textOf } from "#kernel";
import { refused } from "./faults.ts";
import { lifetimeLeastMs } from "./limits.ts";
import type { AskCloud, CloudAnswer, CloudQuestion, CloudToken } from "./services.ts";

/** The JSON of a good answer; `service` is for messages. */
export function jsonOf(answer: CloudAnswer, service: string): Json {
  if (answer.status < 200 || answer.status >= 300) throw refused(service, answer.status, reasonOf(answer.body));
  try {
    return JSON.parse(answer.body) as Json;
  } catch {
    throw refused(service, answer.status, "the answer is no JSON");
  }
}

/** Asks, and reads the JSON of a good answer. */
export async function askForJson(question: CloudQuestion, service: string, ask: AskCloud): Promise<Json> {
  return jsonOf(await ask(question), service);
}

/** Posts a form to a token service. */
export async function exchangeForm(url: string, form: { [name: string]: string }, ask: AskCloud): Promise<CloudToken> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await ask({ method: "POST", url, headers, body: new URLSearchParams(form).toString() });
  return tokenOf(jsonOf(answer, "the token service"), answer.status);
}

/** The token of an OAuth answer. */
export function tokenOf(value: Json, status: number): CloudToken {
  const token = textOf(value, "access_token");
  if (token === "") throw refused("the token service", status, "no token is in the answer");
  const seconds = Number(fieldOf(value, "expires_in"));
  return { token, lifeMs: seconds > 0 ? seconds * 1000 : lifetimeLeastMs };
}

/** A short reason, where the service gives one in a form known to hold no secret. */
export function reasonOf(body: string): string {
  let value: Json;
  try {
    value = JSON.parse(body) as Json;
  } catch {
    return /<Code>([A-Za-z.]{1,80})<\/Code>/.exec(body)?.[1] ?? "";
  }
  if (!isObject(value)) return "";
  const nested = isObject(value["error"]) ? value["error"] : value;
  const errors = Array.isArray(value["errors"]) ? value["errors"] : [];
  for (const word of [nested["__type"], nested["status"], nested["code"], nested["error"], ...errors])
    if (typeof word === "string" && /^[\w .:#/'()-]{1,120}$/.test(word)) return word;
  return "";
}
