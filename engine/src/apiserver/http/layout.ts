// How JSON is laid out: a line of its own for machines, indented for people who ask for it or whose client is one that people use
// (apiserver pkg/endpoints/handlers/negotiation/negotiate.go, v1.36).

import { parseBoolText } from "#formats/go-numbers";
import type { Incoming } from "./exchange.ts";

/** Which layouts a document has. Objects are one line, or indented for people; the rest is not made by the serializer of objects. */
export type Layout = "object" | "indented" | "as-it-is";

const forPeople = /^(curl|Wget|Mozilla\/5\.0)/;
const newline = Buffer.from("\n");

/** The body as it is sent. */
export function laidOut(body: string | Uint8Array, layout: Layout, request: Incoming): Uint8Array {
  if (layout === "as-it-is") return typeof body === "string" ? Buffer.from(body) : body;
  if (layout === "indented" || isForPeople(request)) return Buffer.from(indented(body.toString()));
  return typeof body === "string" ? Buffer.from(`${body}\n`) : Buffer.concat([body, newline]);
}

function isForPeople({ url, headers }: Incoming): boolean {
  const query = url.indexOf("?");
  if (query >= 0 && url.includes("pretty", query)) {
    const asked = new URLSearchParams(url.slice(query + 1)).get("pretty") ?? "";
    if (asked !== "") return parseBoolText(asked) === true;
  }
  return forPeople.test(headers["user-agent"] ?? "");
}

/** Compact JSON with two spaces a level, as Go's json.Indent writes it; empty objects and lists stay closed. */
export function indented(text: string): string {
  const pieces: string[] = [];
  let level = 0;
  let from = 0;
  const breakAt = (at: number, change: number): void => {
    level += change;
    pieces.push(text.slice(from, at), "\n", "  ".repeat(level));
    from = at;
  };
  for (let at = 0; at < text.length; at++) {
    const one = text[at];
    if (one === '"') at = endOfText(text, at);
    else if (one === "{" || one === "[") {
      if (text[at + 1] === "}" || text[at + 1] === "]") at++;
      else breakAt(at + 1, 1);
    } else if (one === "}" || one === "]") breakAt(at, -1);
    else if (one === ",") breakAt(at + 1, 0);
    else if (one === ":") {
      pieces.push(text.slice(from, at + 1), " ");
      from = at + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces.join("");
}

/** Where the quotation mark stands that closes the one at `from`. */
function endOfText(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
