// Anything thrown while a request was served, as a refusal. A bug becomes a 500 whose text tells nothing of the inside.

import { Fault } from "#kernel";
import { internalError, Refusal } from "#apiserver/registry";

export function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof Fault) return internalError(error.message);
  return internalError("the request could not be served");
}
