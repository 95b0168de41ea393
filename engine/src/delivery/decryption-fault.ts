// A failure to decrypt, as a delivery tells it: which file or object, and why, never what is in it.

import { type Fault, faultFrom } from "#kernel";
import { DeliveryFault } from "./faults.ts";

export function failedAt(at: string, thrown: unknown): Fault {
  const cause = faultFrom(thrown);
  if (cause instanceof DeliveryFault) return cause;
  return new DeliveryFault({
    code: "decryption-failed",
    // The key may come any moment, by another hand than the one that wrote the file.
    disposition: "retry",
    at,
    message: "decryption failed",
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    cause,
  });
}
