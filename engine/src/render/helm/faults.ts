// What can go wrong with a chart. Messages are Helm's own where Helm has one, so that what people find by searching fits.

import { GoError } from "#formats/gotemplate";
import { Fault } from "#kernel";

export type HelmFaultCode =
  | "chart-load"
  | "chart-archive"
  | "chart-dependency"
  | "chart-kube-version"
  | "chart-type"
  | "values-parse"
  | "values-schema"
  | "values-set"
  | "helm-template"
  | "helm-manifest"
  | "helm-option"
  | "helm-post-render"
  | "helm-limit";

export function helmFault(
  code: HelmFaultCode,
  message: string,
  more: { at?: string; hint?: string; cause?: unknown } = {},
): Fault<HelmFaultCode> {
  return new Fault({ code, disposition: "stall", message, ...more });
}

/** Names the file in whatever is wrong with it. */
export function inFile<T>(name: string, code: "chart-load" | "values-parse", run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError || (error instanceof Fault && error.code !== "chart-load"))
      throw helmFault(code, `cannot load ${name}`, { cause: error });
    throw error;
  }
}
