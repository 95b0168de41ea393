/** Depth of a schema or of data under one: beyond any real definition, well inside the stack. */
export const depthMax = 200;

/** Errors told of one object: a list of a thousand bad items is told as its first hundred. */
export const errorsMax = 100;

/** Compiled patterns kept; a cluster's definitions hold a few hundred. */
export const patternsCachedMax = 2_000;

/** Bytes that all annotations of one object may have (apimachinery validation, TotalAnnotationSizeLimitB). */
export const annotationBytesMax: number = 256 * 1024;

/** Fields of a custom kind that lists may be filtered by (MaxSelectableFields of apiextensions validation). */
export const selectableFieldsMax = 8;

/** Characters of what is told to whoever uses a deprecated version. */
export const deprecationWarningMax = 256;
