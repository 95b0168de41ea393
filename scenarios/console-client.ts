// The console's API as a program asks it: with the token, or as somebody who has signed in. Everything that comes is kept, so
// that a scenario can look for what must not be in it.

import { request } from "node:http";
import type { ActionAsk, ActionDone, ActionPlan, Refusal } from "../engine/src/api/console/index.ts";
import { until } from "./home.ts";
import type { Issuer, Person } from "./issuer.ts";

export type Answered = { status: number; text: string; headers: Record<string, string | string[] | undefined> };

/** A plan that moves more often than this in a row never stands still. */
const movesMost = 10;

export class ConsoleClient {
  readonly #port: number;
  readonly #headers: Record<string, string>;
  /** Every body that came. */
  readonly heard: string[];

  constructor(port: number, headers: Record<string, string>, heard: string[] = []) {
    this.#port = port;
    this.#headers = headers;
    this.heard = heard;
  }

  /** By the address that a process has printed. */
  static async of(output: () => string): Promise<ConsoleClient> {
    const text = await until("the console's address", () =>
      Promise.resolve(/http:\/\/\S+\?token=[\w-]+/.exec(output())?.[0]),
    );
    const { port, searchParams } = new URL(text);
    return new ConsoleClient(Number(port), { authorization: `Bearer ${searchParams.get("token") ?? ""}` });
  }

  /** The same console as a person sees it who signs in now. */
  async signedIn(issuer: Issuer, person: Person): Promise<ConsoleClient> {
    const nobody = new ConsoleClient(this.#port, {}, this.heard);
    const begun = await nobody.send("GET", "/auth/sign-in?return=/");
    const state = cookieIn(begun, "keelson-state");
    const back = issuer.letIn(person, String(begun.headers["location"] ?? ""));
    const done = await new ConsoleClient(this.#port, { cookie: state }, this.heard).send(
      "GET",
      `/auth/callback?${back.toString()}`,
    );
    if (done.status !== 200) throw new Error(`${person.email} was not let in: ${done.text}`);
    return new ConsoleClient(this.#port, { cookie: cookieIn(done, "keelson-session") }, this.heard);
  }

  send(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Answered> {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const headers = { ...this.#headers, ...type, ...more };
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: this.#port, method, path, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          this.heard.push(text);
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        });
        response.on("error", reject);
      });
      asked.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** An answer that must be there. */
  async read<T>(path: string): Promise<T> {
    const answer = await this.send("GET", path);
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as T;
  }

  async refusal(path: string, body?: unknown): Promise<Refusal & { status: number }> {
    const answer = await this.send(body === undefined ? "GET" : "POST", path, body);
    return { ...(JSON.parse(answer.text) as Refusal), status: answer.status };
  }

  async plan(ask: ActionAsk): Promise<ActionPlan> {
    const answer = await this.send("POST", "/api/actions/plan", ask);
    if (answer.status !== 200) throw new Error(`plan of ${ask.action}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as ActionPlan;
  }

  /** Shown first, then done; shown again where things have moved meanwhile. */
  async act(ask: ActionAsk): Promise<{ plan: ActionPlan; done: ActionDone }> {
    let plan = await this.plan(ask);
    let answer = await this.send("POST", "/api/actions", { ...ask, plan: plan.id });
    for (let moves = 0; moves < movesMost && answer.status === 409 && answer.text.includes('"moved"'); moves++) {
      plan = await this.plan(ask);
      answer = await this.send("POST", "/api/actions", { ...ask, plan: plan.id });
    }
    if (answer.status !== 200) throw new Error(`${ask.action}: ${answer.status} ${answer.text}`);
    return { plan, done: JSON.parse(answer.text) as ActionDone };
  }

  /** Everything that a stream sends, as it comes. */
  stream(path: string): { text: () => string; stop: () => void } {
    let text = "";
    const place = this.heard.push("") - 1;
    const asked = request({ host: "127.0.0.1", port: this.#port, path, headers: this.#headers }, (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        this.heard[place] = text;
      });
      response.on("error", () => undefined);
    });
    asked.on("error", () => undefined).end();
    return { text: () => text, stop: () => asked.destroy() };
  }
}

function cookieIn({ headers }: Answered, name: string): string {
  const set = [headers["set-cookie"] ?? []].flat().find((cookie) => cookie.startsWith(`${name}=`));
  return set?.split(";")[0] ?? "";
}
