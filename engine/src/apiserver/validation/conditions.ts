// Conditions in the form that all kinds share (apimachinery pkg/apis/meta/v1/validation, v1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors, required } from "#api/crd";
import { isObject, type Json, textOf } from "#kernel";

const reasonForm = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonText =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
const reasonBytesMost = 1024;
const messageBytesMost = 32 * 1024;
const conditionStates = ["False", "True", "Unknown"];

/** Each of a list, of each type one. */
export function conditionErrors(conditions: Json | undefined, field: string): FieldError[] {
  const seen = new Set<string>();
  return (Array.isArray(conditions) ? conditions : []).flatMap((condition, index) => {
    const [type, state, reason] = ["type", "status", "reason"].map((name) => textOf(condition, name)) as [
      string,
      string,
      string,
    ];
    const at = `${field}[${index}]`;
    const { observedGeneration: generation, lastTransitionTime: time } = isObject(condition) ? condition : {};
    const isTwice = seen.has(type);
    seen.add(type);
    const tooLong = (name: string, most: number): FieldError[] =>
      textOf(condition, name).length > most
        ? [{ type: "TooLong", field: `${at}.${name}`, detail: `may not be more than ${most} bytes` }]
        : [];
    return [
      ...(isTwice ? [{ type: "Duplicate" as const, field: `${at}.type`, value: type, detail: "" }] : []),
      ...qualifiedNameErrors(type).map((message) => invalid(`${at}.type`, type, message)),
      ...(conditionStates.includes(state) ? [] : [notSupported(`${at}.status`, state, conditionStates)]),
      ...(typeof generation === "number" && generation < 0
        ? [invalid(`${at}.observedGeneration`, generation, "must be greater than or equal to zero")]
        : []),
      ...(typeof time === "string" && time !== "" ? [] : [required(`${at}.lastTransitionTime`)]),
      ...(reason === ""
        ? [required(`${at}.reason`)]
        : reasonForm.test(reason)
          ? []
          : [invalid(`${at}.reason`, reason, reasonText)]),
      ...tooLong("reason", reasonBytesMost),
      ...tooLong("message", messageBytesMost),
    ];
  });
}
