// Every bound of registries, with the reason for its number.

/** A manifest or index; registries themselves refuse above 4 MiB (distribution-spec). */
export const manifestMost: number = 4 * 1024 * 1024;
/** One page of tags. */
export const tagPageMost: number = 8 * 1024 * 1024;
/** Tags asked for on a page; registries may give fewer. */
export const tagsAPage = 1_000;
/** Tags read in all; more is a registry that never ends. */
export const tagsMost = 200_000;
/** A token's answer; tokens are some KiB. */
export const tokenMost: number = 256 * 1024;
/** Where a token does not say how long it holds (distribution's own default). */
export const tokenSeconds = 60;
/** A token is not used in its last seconds: it has a way to go. */
export const tokenMarginSeconds = 10;
/** Tokens kept; the oldest goes first. */
export const tokensMost = 1_000;
/** Hosts whose protocol is remembered. */
export const hostsMost = 1_000;

/** A signature's own content: payload, bundle. Real ones are some KiB. */
export const signatureMost: number = 1024 * 1024;
/** Signatures of one artifact that are looked at: each costs a request and a check. */
export const signaturesMost = 64;
/** Manifests of an index that are read through. */
export const indexEntriesMost = 1_000;

/** The public trust root is looked at again so often: it changes some times a year, and must not be stale for long. */
export const trustRootMs: number = 6 * 60 * 60 * 1000;
/** After a failed attempt; Flux's interval. */
export const trustRootRetryMs = 60_000;
/** One answer of the server that gives it, and all of them together: some small files. */
export const trustRootAnswerMs = 5_000;
export const trustRootTotalMs = 20_000;
