// Errors of single fields in the forms of apimachinery's field.Error, and the one text that a refused object gets of them all.

import { encodeJson, type Json } from "#kernel";

export type FieldErrorType =
  | "Required"
  | "Invalid"
  | "TypeInvalid"
  | "NotSupported"
  | "Duplicate"
  | "Forbidden"
  | "TooLong"
  | "TooMany"
  | "NotFound"
  | "Internal";

export type FieldError = {
  type: FieldErrorType;
  /** A path like `spec.ports[0].name`; "<nil>" where the error belongs to no one field. */
  field: string;
  /** The value as the message shows it; undefined: not shown. */
  value?: Json | undefined;
  detail: string;
};

const titles: Readonly<Record<FieldErrorType, string>> = {
  Required: "Required value",
  Invalid: "Invalid value",
  TypeInvalid: "Invalid value",
  NotSupported: "Unsupported value",
  Duplicate: "Duplicate value",
  Forbidden: "Forbidden",
  TooLong: "Too long",
  TooMany: "Too many",
  NotFound: "Not found",
  Internal: "Internal error",
};

/** These are told without their value. */
const bare: ReadonlySet<FieldErrorType> = new Set(["Required", "Forbidden", "TooLong", "Internal"]);

/** A value as Go's %q or JSON prints it; its JSON can stand in HTML. */
function formatValue(value: Json): string {
  return typeof value === "string"
    ? quoted(value)
    : encodeJson(value).replace(/[<>&]/g, (one) => htmlEscapes[one] ?? one);
}

const htmlEscapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/** Go's %q: control characters are written in two digits. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, (_, code: string) => `\\x${code}`);
}

/** The error without its field: `Invalid value: "x": must be …`. */
export function formatFieldErrorBody({ type, value, detail }: FieldError): string {
  const head = bare.has(type) || value === undefined ? titles[type] : `${titles[type]}: ${formatValue(value)}`;
  return detail === "" ? head : `${head}: ${detail}`;
}

export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${formatFieldErrorBody(error)}`;
}

/** Several errors as one text: each once, in brackets when there are two or more. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}

export type StatusCause = { reason: string; message: string; field: string };

/** What a Status carries of each error. */
export function causesOf(errors: readonly FieldError[]): StatusCause[] {
  return errors.map((error) => ({
    reason: error.type === "Internal" ? "InternalError" : `FieldValue${error.type}`,
    message: formatFieldErrorBody(error),
    field: error.field,
  }));
}

/** The message of a refusal (HTTP 422): `Deployment.apps "web" is invalid: spec.selector: Required value`. */
export function invalidMessage(
  ref: { group: string; kind: string; name: string },
  errors: readonly FieldError[],
): string {
  const kind = ref.group === "" ? ref.kind : `${ref.kind}.${ref.group}`;
  return `${kind} ${JSON.stringify(ref.name)} is invalid: ${formatFieldErrors(errors)}`;
}

export function required(field: string, detail = ""): FieldError {
  return { type: "Required", field, detail };
}

export function invalid(field: string, value: Json | undefined, detail: string): FieldError {
  return { type: "Invalid", field, value, detail };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: "Forbidden", field, detail };
}

export function notSupported(field: string, value: Json, supported: readonly string[]): FieldError {
  const list = supported.map((text) => JSON.stringify(text)).join(", ");
  return { type: "NotSupported", field, value, detail: list === "" ? "" : `supported values: ${list}` };
}

/** A member's path below another. */
export function childField(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}
