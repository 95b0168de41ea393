// Helm's own shape of template errors: place, expression, reason, each on its line; only the text of fail and required.

import type { TemplateExecError, TemplateParseError } from "#formats/gotemplate";
import { trimSpace } from "./functions/space.ts";

const warnStart = "HELM_ERR_START";
const warnEnd = "HELM_ERR_END";

/** Marks the text of fail and required, so that it can be found in the error around it. */
export function markWarning(text: string): string {
  return warnStart + text + warnEnd;
}

/** A parse error as Helm prints it. */
export function formatParseError(filename: string, error: TemplateParseError): string {
  const tokens = error.message.split(": ");
  if (tokens.length === 1) return `parse error in (${filename}): ${error.message}`;
  return `parse error at (${tokens[1]}): ${tokens.at(-1)}`;
}

/** An execution error as Helm prints it. */
export function formatExecError(filename: string, error: TemplateExecError): string {
  const text = error.message;
  const [, location, ...rest] = text.split(": ");
  if (location === undefined || rest.length === 0) return `execution error in (${filename}): ${text}`;
  const start = text.indexOf(warnStart);
  const end = text.lastIndexOf(warnEnd);
  if (start >= 0 && end >= start)
    return `execution error at (${location}): ${text.slice(start + warnStart.length, end)}`;
  return formatChain(error) ?? text;
}

type Step = { place: string; expression: string; reason: string };

/** Place, expression and reason of each error in the chain; undefined when one of them is no template's. */
function formatChain(error: Error): string | undefined {
  const steps: string[] = [];
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const step = parseStep(current.message);
    if (step === undefined) return undefined;
    const lines = formatStep(step);
    if (steps.at(-1) !== lines) steps.push(lines);
  }
  return trimSpace(steps.join(""));
}

function formatStep({ place, expression, reason }: Step): string {
  let text = place === "" ? "" : `${place}\n  `;
  if (expression !== "") text += `${expression}\n    `;
  return reason === "" ? text : `${text}${reason}\n`;
}

function parseStep(message: string): Step | undefined {
  if (!message.startsWith("template: ")) return undefined;
  const rest = message.slice("template: ".length);
  if (rest.startsWith("no template ")) return { place: "", expression: "", reason: message };
  const executing = /^([\s\S]*?): executing "([^"]*)" at <([\s\S]*?)>: ([\s\S]*)$/.exec(rest);
  if (executing !== null) {
    const [, place = "", name = "", expression = "", reason = ""] = executing;
    return { place, expression: `executing "${name}" at <${expression}>:`, reason: untilNext(reason) };
  }
  const split = rest.lastIndexOf(": ");
  return split < 0
    ? undefined
    : { place: rest.slice(0, split), expression: "", reason: untilNext(rest.slice(split + 2)) };
}

function untilNext(reason: string): string {
  const next = reason.indexOf(" template:");
  return next < 0 ? reason : reason.slice(0, next);
}
