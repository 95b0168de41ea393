// Bounds of looking for places, each with its reason.

/** Files looked at for one delivery: more are read by few, and an answer must not wait for them. */
export const filesMost = 2_000;

/** Longest file that is parsed again for its lines. */
export const fileLengthMost: number = 512 * 1024;

/** Documents of one kind that are compared where none has the very name: each object would look at all of them. */
export const documentsMost = 1_000;

/** Places named beside the one where an object begins. */
export const alsoMost = 20;

/** How deep kustomizations may refer to each other. */
export const depthMost = 32;
