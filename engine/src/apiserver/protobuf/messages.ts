// The fields of each built-in message, from the generated text: parsed on first use.

import { fieldsText } from "./data/fields.ts";

/** How a field's value is written on the wire. */
export type Shape =
  | { kind: "string" | "bool" | "integer" | "double" | "bytes" }
  | { kind: "list" | "map"; of: Shape }
  /** A message whose JSON form is the list in its first field. */
  | { kind: "wrapped"; of: Shape }
  | { kind: "message"; name: string }
  /** A type that encodes itself: Time, Quantity, IntOrString, … */
  | { kind: "special"; name: string };

export type Field = {
  /** "": the members of the message are those of the object around it. */
  name: string;
  shape: Shape;
  /** Null is told apart from the zero value. */
  isPointer: boolean;
  /** Left out of JSON when it is zero. */
  isOmitted: boolean;
};

const scalars: Readonly<Record<string, Shape>> = {
  s: { kind: "string" },
  b: { kind: "bool" },
  i: { kind: "integer" },
  f: { kind: "double" },
  B: { kind: "bytes" },
};

let texts: Readonly<Record<string, string>> | undefined;
const parsed = new Map<string, ReadonlyMap<number, Field>>();

/** The fields of a message by number; undefined when it is not known. */
export function fieldsOf(message: string): ReadonlyMap<number, Field> | undefined {
  const known = parsed.get(message);
  if (known !== undefined) return known;
  texts ??= JSON.parse(fieldsText) as Record<string, string>;
  const text = Object.hasOwn(texts, message) ? texts[message] : undefined;
  if (text === undefined) return undefined;
  const fields = new Map(text.split("|").map(parseField));
  parsed.set(message, fields);
  return fields;
}

function parseField(text: string): [number, Field] {
  const match = /^(\d+)([?!])(\S*) (\S+)$/.exec(text);
  if (match === null) throw new Error(`unreadable field ${text}`);
  const [, number, mark, name = "", type = ""] = match;
  const isPointer = type.startsWith("*");
  const shape = parseShape(isPointer ? type.slice(1) : type);
  return [Number(number), { name, shape, isPointer, isOmitted: mark === "?" }];
}

function parseShape(type: string): Shape {
  const rest = type.slice(1);
  switch (type.slice(0, 1)) {
    case "*":
      return parseShape(rest);
    case "[":
      return { kind: "list", of: parseShape(rest) };
    case "{":
      return { kind: "map", of: parseShape(rest) };
    case "=":
      return { kind: "wrapped", of: parseShape(rest) };
    case "@":
      return { kind: "special", name: rest };
    default:
      return scalars[type] ?? { kind: "message", name: type };
  }
}
