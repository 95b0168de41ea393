// Keeps decrypted texts out of whatever is said: messages of the API server, of kustomize or of a parser may quote them. A
// text is replaced by a keyed hash, so that two can be told apart without being shown.

import { asJson, decodeUtf8Strict, Fault, faultFrom, isObject, type Json, type Manifest } from "#kernel";
import { keyedHash } from "#secrets/keys";
import { maskedLeast, maskedTextsMost } from "./limits.ts";
import type { Outcome } from "./model.ts";

export class Masker {
  readonly #texts = new Set<string>();
  #longestFirst: string[] | undefined;

  /** Each line of a decrypted file, and what stands behind `=` or `:` in it. */
  add(content: Uint8Array): void {
    const text = decodeUtf8Strict(content);
    if (text === undefined) return;
    for (const line of text.split("\n")) {
      this.#note(line.trim());
      const value = /[=:]\s*(.*)$/.exec(line)?.[1] ?? "";
      this.#note(value.trim());
      this.#note(value.trim().replace(/^(["'])(.*)\1$/, "$2"));
    }
  }

  /** What an object holds after decryption that it did not hold before. */
  addDifference(before: Manifest, after: Manifest): void {
    const old = new Set(textsIn(asJson(before)));
    for (const text of textsIn(asJson(after))) {
      if (old.has(text)) continue;
      this.#note(text);
      for (const line of text.split("\n")) this.#note(line.trim());
      const decoded = decodeUtf8Strict(Buffer.from(text, "base64"));
      if (decoded !== undefined && Buffer.from(decoded).toString("base64") === text) this.#note(decoded);
      this.#note(Buffer.from(text).toString("base64"));
    }
  }

  /** The text with every decrypted one in it replaced. */
  mask(text: string): string {
    this.#longestFirst ??= [...this.#texts].sort((a, b) => b.length - a.length);
    let masked = text;
    for (const secret of this.#longestFirst) {
      if (masked.includes(secret)) masked = masked.replaceAll(secret, `<secret ${keyedHash(secret).slice(0, 8)}>`);
    }
    return masked;
  }

  /** Short words are everywhere: to replace them would garble what is said and hide nothing. */
  #note(text: string): void {
    if (text.length < maskedLeast || this.#texts.size >= maskedTextsMost) return;
    this.#texts.add(text);
    this.#longestFirst = undefined;
  }
}

/** Whose secrets may show in what is told of a delivery: those of what Git says, and those of what is applied. */
export type Masked = { masker: Masker | undefined; guarded: { masker: Masker | undefined } | undefined };

/** The fault with nothing decrypted in its words. */
export function masked(fault: Fault, { masker, guarded }: Masked): Fault {
  return maskedBy(maskedBy(fault, masker), guarded?.masker);
}

function maskedBy(fault: Fault, masker: Masker | undefined): Fault {
  if (masker === undefined) return fault;
  const { code, disposition, at, hint, message } = fault;
  const cause = fault.cause === undefined ? undefined : maskedBy(faultFrom(fault.cause), masker);
  return new Fault({
    code,
    disposition,
    message: masker.mask(message),
    ...(at === undefined ? {} : { at: masker.mask(at) }),
    ...(hint === undefined ? {} : { hint: masker.mask(hint) }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Outcomes with nothing decrypted in what they show. */
export function maskedOutcomes(outcomes: readonly Outcome[], { masker, guarded }: Masked): readonly Outcome[] {
  return outcomesBy(outcomesBy(outcomes, masker), guarded?.masker);
}

function outcomesBy(outcomes: readonly Outcome[], masker: Masker | undefined): readonly Outcome[] {
  if (masker === undefined) return outcomes;
  return outcomes.map((outcome) => ({
    ...outcome,
    reason: masker.mask(outcome.reason),
    changes: outcome.changes.map((change) => ({ ...change, ...maskedValues(change, masker) })),
  }));
}

function maskedValues({ from, to }: Outcome["changes"][number], masker: Masker) {
  const mask = (value: typeof from): typeof from => (typeof value === "string" ? masker.mask(value) : value);
  return { from: mask(from), to: mask(to) };
}

function textsIn(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
