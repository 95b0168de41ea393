// Every bound of this folder, with the reason for its number.

/** A value in an event or a diff: enough for an image with its digest, short enough for one line. */
export const longestShown = 160;

/** Differing fields of one object: a whole replaced spec is told by its first fields. */
export const mostChangesShown = 64;
