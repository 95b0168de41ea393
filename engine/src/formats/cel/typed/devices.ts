// The variable of expressions that choose devices, and its type (dynamic-resource-allocation/cel, v1.36): what a driver says of a device,
// by domain and name.

import { structOf } from "./admission.ts";
import { libraryType } from "./signatures.ts";
import { bool, type CelType, mapOf, simpleType, stringType } from "./types.ts";

const anyType = simpleType("any") as CelType;

/** Attributes and amounts, each below its domain. */
const device = structOf("kubernetes.DRADevice", {
  driver: stringType,
  attributes: mapOf(stringType, mapOf(stringType, anyType)),
  capacity: mapOf(stringType, mapOf(stringType, libraryType("kubernetes.Quantity"))),
  allowMultipleAllocations: bool,
});

/** The variables of one expression, by name. */
export function deviceVariables(): Map<string, CelType> {
  return new Map([["device", device]]);
}
