// Bounds that keep hostile YAML from costing more than its size suggests.

/** Nesting of lists and maps. Recursion over such a tree must fit the stack; no Kubernetes object comes near it. */
export const depthMax = 1_000;

/** Characters of one text. etcd refuses objects of 1.5 MB; a bundle of several hundred CRDs stays below 32 MB. */
export const textLengthMax: number = 64 * 1024 * 1024;

/** A key on one line may be followed by its colon this many characters later, as YAML 1.2 says and go-yaml checks. */
export const simpleKeyLengthMax = 1_024;

/** go-yaml's alias limits (decode.go): the share of aliased nodes allowed falls from 99 % to 10 % between these counts. */
export const aliasRangeLow = 400_000;
export const aliasRangeHigh = 4_000_000;

/** How many blanks and breaks go-yaml steps over in search of a comment (scannerc.go). */
export const commentReachMax = 512;
