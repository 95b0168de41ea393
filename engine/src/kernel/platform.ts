// What the platform does faster than our own code, where it is there: pure work alone (digests, unpacking), with an
// equal result. Elsewhere, as in a browser, the pure code does it.

type Platform = { process?: { getBuiltinModule?: (name: string) => unknown } };

/** Node's own module of this name, loaded when asked for; undefined where there is none. */
export function platformModule(name: "node:crypto" | "node:zlib"): unknown {
  return (globalThis as Platform).process?.getBuiltinModule?.(name);
}
