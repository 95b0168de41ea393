/** Update entries of managedFields that stay apart; older ones flow into `ancient-changes` (apimachinery managedfields, DefaultMaxUpdateManagers). */
export const updateManagersMax = 10;

/** Bytes that all annotations of one object may have (apimachinery validation, TotalAnnotationSizeLimitB). */
export const annotationBytesMax: number = 256 * 1024;

/** Path elements kept decoded: the same few thousand field names and list keys come back in every object of a cluster. */
export const elementsCachedMax = 20_000;

/** Characters of a field's name whose element is kept: longer ones are data that clients made up. */
export const cachedNameMax = 128;
