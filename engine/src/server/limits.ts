// Bounds of the HTTP port, each with its reason.

/** A webhook's body: GitHub sends up to 25 MB, but nothing here reads it; Flux accepts 3 MiB. */
export const bodyMost: number = 3 * 1024 * 1024;
