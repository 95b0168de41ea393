// What is wrong with a value by its schema, and its words: those of the library that Helm uses (santhosh-tekuri/jsonschema v6.0.3).

import { quote } from "#formats/gotemplate";
import { type Data, formatInWords, isDataList, isDataMap, NumberText } from "./data.ts";

/** `words` say what is wrong with the value at `at`; what led to it stands below. */
export type Problem = {
  at: readonly string[];
  /** Several problems of one value; what a reference leads to; anything else. */
  kind: "group" | "reference" | "other";
  words: string;
  below: readonly Problem[];
};

/** A text in single quotes, as the library writes it. */
export function inQuotes(text: string): string {
  return `'${quote(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

export function allInQuotes(texts: readonly string[]): string {
  return texts.map(inQuotes).join(", ");
}

/** A step of a JSON pointer. */
export function escapeStep(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}

export function pointerTo(steps: readonly string[]): string {
  return steps.map((step) => `/${escapeStep(step)}`).join("");
}

/** A scalar of a schema. */
export function shown(value: Data): string {
  if (typeof value === "string") return inQuotes(value);
  if (value instanceof NumberText) return value.text;
  return value === null ? "<nil>" : isDataList(value) || isDataMap(value) ? "value" : String(value);
}

export function count(value: number): string {
  return formatInWords(value).includes("×") ? value.toLocaleString("en-US") : formatInWords(value);
}

/** A line for each problem, deeper ones further in. */
export function problemLines(problems: readonly Problem[], depth = 0): string[] {
  return problems.flatMap((problem) => {
    // Of a reference, the only thing wrong behind it is enough.
    if (problem.kind === "reference" && problem.below.length === 1) return problemLines(problem.below, depth);
    const line = `${"  ".repeat(depth)}- at ${inQuotes(pointerTo(problem.at))}: ${problem.words}`;
    return [line, ...problemLines(problem.below, depth + 1)];
  });
}
