// How a function is offered to templates: its parameters' Go types, which calls are checked against, and its body.

import type { Bytes, GoMap, Integer, Value } from "./values.ts";

/** A parameter's type. "value" is reflect.Value, which takes anything, also no value at all. */
export type ParameterType =
  | "any"
  | "value"
  | "string"
  | "bool"
  | "int"
  | "int64"
  | "float64"
  | "bytes"
  | "map"
  | "list"
  | "strings"
  | "error"
  | "time"
  | "duration"
  | "location"
  | "version";

/** What a parameter of each type receives. */
export type Argument = Value;

export type GoFunction = {
  readonly parameters: readonly ParameterType[];
  /** The type of the last parameter's items when there may be any number of them. */
  readonly variadic?: ParameterType;
  /** Runs it; a GoError thrown is the error that the Go function would return or panic with. */
  readonly call: (...args: never[]) => Value;
  /** True for a function that works on the templates around its call: it gets their set as its first argument. */
  readonly isScoped?: boolean;
  /** Why templates cannot call it: it gives more results than one and an error. */
  readonly uncallable?: string;
};

export type FunctionTable = { readonly [name: string]: GoFunction };

/** Declares a function that gets the set of templates it is called in before its other arguments. */
export function defineScoped(signature: string, call: (...args: never[]) => Value): GoFunction {
  return { ...define(signature, call), isScoped: true };
}

/** Declares a function: "string, ...any" with its body. */
export function define(signature: string, call: (...args: never[]) => Value): GoFunction {
  const names = signature === "" ? [] : signature.split(", ");
  const last = names.at(-1);
  if (last?.startsWith("...") !== true) return { parameters: names as ParameterType[], call };
  return { parameters: names.slice(0, -1) as ParameterType[], variadic: last.slice(3) as ParameterType, call };
}

/** A method whose results templates cannot take; calling it says so. */
export function defineUncallable(name: string, results: readonly string[]): GoFunction {
  const uncallable =
    results.length === 2
      ? `invalid function signature for ${name}: second return value should be error; is ${results[1]}`
      : `function ${name} has ${results.length} return values; should be 1 or 2`;
  return { ...define("", () => null), uncallable };
}

export type { Bytes, GoMap, Integer };

const typeNames: { readonly [type in ParameterType]: string } = {
  any: "interface {}",
  value: "reflect.Value",
  string: "string",
  bool: "bool",
  int: "int",
  int64: "int64",
  float64: "float64",
  bytes: "[]uint8",
  map: "map[string]interface {}",
  list: "[]interface {}",
  strings: "[]string",
  error: "error",
  time: "time.Time",
  duration: "time.Duration",
  location: "*time.Location",
  version: "*semver.Version",
};

/** The parameter's type as Go prints it. */
export function typeNameOf(type: ParameterType): string {
  return typeNames[type];
}

/** True for types whose zero value is nil. */
export function canBeNil(type: ParameterType): boolean {
  return (
    type === "any" ||
    type === "value" ||
    type === "map" ||
    type === "list" ||
    type === "strings" ||
    type === "error" ||
    type === "bytes" ||
    type === "location" ||
    type === "version"
  );
}
