// Errors about one field, in the words of apimachinery's util/validation/field.

import { encodeJson, type Json } from "#kernel";

export type FieldErrorType =
  | "FieldValueInvalid"
  | "FieldValueRequired"
  | "FieldValueDuplicate"
  | "FieldValueForbidden"
  | "FieldValueNotSupported"
  | "FieldValueNotFound"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid";

export type FieldError = { type: FieldErrorType; field: string; value?: Json; detail: string };

const words: Record<FieldErrorType, string> = {
  FieldValueInvalid: "Invalid value",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueForbidden: "Forbidden",
  FieldValueNotSupported: "Unsupported value",
  FieldValueNotFound: "Not found",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
  FieldValueTypeInvalid: "Invalid value",
};

/** These name no value. */
const valueless: readonly FieldErrorType[] = ["FieldValueRequired", "FieldValueForbidden", "FieldValueTooLong"];

export function formatFieldError(error: FieldError, options: { withField: boolean }): string {
  const word = words[error.type];
  const body = valueless.includes(error.type) ? word : `${word}: ${formatValue(error.value)}`;
  const text = error.detail === "" ? body : `${body}: ${error.detail}`;
  return options.withField ? `${error.field}: ${text}` : text;
}

/** One error plainly, several as a list in brackets; each text once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => formatFieldError(error, { withField: true })))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
}

function formatValue(value: Json | undefined): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object") return encodeJson(value);
  return String(value);
}

export function invalidValue(field: string, value: Json, detail: string): FieldError {
  return { type: "FieldValueInvalid", field, value, detail };
}

export function requiredValue(field: string, detail: string): FieldError {
  return { type: "FieldValueRequired", field, detail };
}

export function forbiddenValue(field: string, detail: string): FieldError {
  return { type: "FieldValueForbidden", field, detail };
}

export function unsupportedValue(field: string, value: Json, supported: readonly string[]): FieldError {
  const list = supported.map((item) => JSON.stringify(item)).join(", ");
  return { type: "FieldValueNotSupported", field, value, detail: `supported values: ${list}` };
}
