// For bugs only: what these throw is caught at the top of a worker or a request, and logged with its stack.

export class Bug extends Error {
  override readonly name: string = "Bug";
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** Ends an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${String(value)}`);
}
