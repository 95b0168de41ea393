// Durations as values of the language, made by the language itself: its own class is not to be had from outside.

import { Environment, type ParseResult } from "@marcbachmann/cel-js";

let convert: ParseResult | undefined;

/** A duration as Go writes it (`1h30m`); undefined when the text is none. */
export function parseDuration(text: string): unknown {
  convert ??= new Environment({ unlistedVariablesAreDyn: true }).parse("duration(text)");
  try {
    return convert({ text }) as unknown;
  } catch {
    return undefined;
  }
}
