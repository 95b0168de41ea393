// The types of CEL as its checker sees them, and how they unify: type parameters take the types that they meet, and `dyn` meets all.

import type { Declared } from "./declared.ts";

export type Kind =
  | "any"
  | "bool"
  | "bytes"
  | "double"
  | "duration"
  | "dyn"
  | "error"
  | "int"
  | "list"
  | "map"
  | "null"
  | "opaque"
  | "parameter"
  | "string"
  | "struct"
  | "timestamp"
  | "type"
  | "uint";

export type CelType = {
  kind: Kind;
  name: string;
  parameters: readonly CelType[];
  /** The fields of a struct. */
  declared?: Declared;
};

function simple(kind: Kind, name: string = kind): CelType {
  return { kind, name, parameters: [] };
}

export const dyn: CelType = simple("dyn");
export const error: CelType = simple("error", "!error!");
export const bool: CelType = simple("bool");
export const int: CelType = simple("int");
export const stringType: CelType = simple("string");

const simpleTypes: ReadonlyMap<string, CelType> = new Map(
  (["any", "bool", "bytes", "double", "duration", "dyn", "int", "null", "string", "timestamp", "uint"] as const).map(
    (kind) => [kind, simple(kind)],
  ),
);

export function simpleType(name: string): CelType | undefined {
  return simpleTypes.get(name);
}

export function listOf(item: CelType): CelType {
  return { kind: "list", name: "list", parameters: [item] };
}

export function mapOf(key: CelType, value: CelType): CelType {
  return { kind: "map", name: "map", parameters: [key, value] };
}

export function typeOf(type: CelType): CelType {
  return { kind: "type", name: "type", parameters: [type] };
}

export function optionalOf(type: CelType): CelType {
  return { kind: "opaque", name: "optional_type", parameters: [type] };
}

export function parameter(name: string): CelType {
  return simple("parameter", name);
}

/** The type within an optional one. */
export function unwrapped(type: CelType): CelType | undefined {
  return type.kind === "opaque" && type.name === "optional_type" ? type.parameters[0] : undefined;
}

export function isDyn({ kind }: CelType): boolean {
  return kind === "dyn" || kind === "any";
}

export function isDynOrError(type: CelType): boolean {
  return type.kind === "error" || isDyn(type);
}

/** As cel-go writes types in its messages. */
export function formatType({ name, parameters }: CelType): string {
  return parameters.length === 0 ? name : `${name}(${parameters.map(formatType).join(", ")})`;
}

export function isSame(a: CelType, b: CelType): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.name === b.name &&
      a.parameters.length === b.parameters.length &&
      a.parameters.every((one, index) => isSame(one, b.parameters[index] as CelType)))
  );
}

/** What type parameters stand for, by their names. */
export type Bindings = ReadonlyMap<string, CelType>;

/** The type with its parameters replaced; those that stand for nothing become dyn where that is asked for. */
export function substitute(bindings: Bindings, type: CelType, toDyn = false): CelType {
  if (type.kind === "parameter") {
    const bound = bindings.get(type.name);
    if (bound !== undefined) return substitute(bindings, bound, toDyn);
    return toDyn ? dyn : type;
  }
  if (type.parameters.length === 0) return type;
  return { ...type, parameters: type.parameters.map((one) => substitute(bindings, one, toDyn)) };
}

/** The bindings under which each type meets its counterpart; undefined when one cannot. */
export function unified(bindings: Bindings, from: readonly CelType[], to: readonly CelType[]): Bindings | undefined {
  const next = new Map(bindings);
  return meetsAll(next, from, to) ? next : undefined;
}

function meetsAll(bindings: Map<string, CelType>, from: readonly CelType[], to: readonly CelType[]): boolean {
  return from.length === to.length && from.every((one, index) => meets(bindings, one, to[index] as CelType));
}

function meets(bindings: Map<string, CelType>, from: CelType, to: CelType): boolean {
  if (to.kind === "parameter") {
    const outcome = binds(bindings, from, to);
    if (outcome !== "free") return outcome === "bound";
  }
  if (from.kind === "parameter") return binds(bindings, to, from) === "bound";
  if (isDynOrError(from) || isDynOrError(to)) return true;
  if (from.kind === "null") return isNullable(to);
  if (to.kind === "null") return isNullable(from);
  if (from.kind !== to.kind) return false;
  if (from.kind === "type") return true;
  return from.name === to.name && meetsAll(bindings, from.parameters, to.parameters);
}

function isNullable({ kind }: CelType): boolean {
  return ["opaque", "struct", "duration", "timestamp", "null"].includes(kind);
}

/** Whether a parameter may stand for a type; `free`: it cannot, and stands for nothing else yet. */
function binds(bindings: Map<string, CelType>, type: CelType, bound: CelType): "bound" | "refused" | "free" {
  if (isSame(type, bound)) return "bound";
  const known = bindings.get(bound.name);
  if (known === undefined) {
    if (occurs(bindings, bound, type)) return "free";
    bindings.set(bound.name, type);
    return "bound";
  }
  if (isSame(type, known)) return "bound";
  if (!meets(bindings, type, known)) return "refused";
  const general = mostGeneral(type, known);
  if (!occurs(bindings, bound, general)) bindings.set(bound.name, general);
  return "bound";
}

function occurs(bindings: Map<string, CelType>, bound: CelType, within: CelType): boolean {
  if (isSame(bound, within)) return true;
  if (within.kind === "parameter") {
    const known = bindings.get(within.name);
    return known !== undefined && occurs(bindings, bound, known);
  }
  return within.parameters.some((one) => occurs(bindings, bound, one));
}

/** The more general of two types that meet. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isAsGeneral(a, b) ? a : b;
}

function isAsGeneral(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === "parameter") return true;
  if (isDyn(b) || b.kind === "parameter" || a.kind !== b.kind) return false;
  if (a.kind === "type") return true;
  return (
    a.name === b.name &&
    a.parameters.length === b.parameters.length &&
    a.parameters.every((one, index) => isAsGeneral(one, b.parameters[index] as CelType))
  );
}
