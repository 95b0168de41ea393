// All functions that a chart's templates can call, except those bound to one render: include, tpl, required, fail, lookup.

import { define, functionMap, type GoFunction } from "#formats/gotemplate";
import { certificateFunctions } from "./certificates.ts";
import { cryptoFunctions } from "./crypto.ts";
import { dateFunctions } from "./dates.ts";
import { defaultFunctions } from "./defaults.ts";
import { encodingFunctions } from "./encoding.ts";
import type { FunctionEnvironment } from "./environment.ts";
import { listFunctions } from "./lists.ts";
import { mapFunctions } from "./maps.ts";
import { mathFunctions } from "./math.ts";
import { pathFunctions } from "./paths.ts";
import { regexFunctions } from "./regex.ts";
import { semverFunctions } from "./semver.ts";
import { textFunctions } from "./text.ts";
import { urlFunctions } from "./urls.ts";

/** Sprig without env and expandenv, and Helm's own. */
export function chartFunctions(environment: FunctionEnvironment): Map<string, GoFunction> {
  const functions = new Map(fixed);
  for (const make of [dateFunctions, cryptoFunctions, certificateFunctions])
    for (const [name, made] of Object.entries(make(environment))) functions.set(name, made);
  const { hostAddress } = environment;
  if (hostAddress !== undefined) functions.set("getHostByName", define("string", hostAddress));
  return functions;
}

/** The built-in ones and those that take nothing from outside: made once, since charts are rendered often. */
const fixed: ReadonlyMap<string, GoFunction> = functionMap({
  ...defaultFunctions,
  ...textFunctions,
  ...mathFunctions,
  ...listFunctions,
  ...mapFunctions,
  ...encodingFunctions,
  ...regexFunctions,
  ...semverFunctions,
  ...urlFunctions,
  ...pathFunctions,
  getHostByName: define("string", () => ""),
});
