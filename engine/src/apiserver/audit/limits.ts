// Bounds of the audit log.

/** Bytes of one file before a new one is begun. */
export const fileBytesMax: number = 16 * 1024 * 1024;

/** Files kept beside the one that is written: with 16 MiB each, the log never takes more than 80 MiB. */
export const filesKept = 4;

/** How long lines wait for company before they are written. */
export const flushAfterMs = 200;

/** Writes whose author is remembered in memory, the latest half of them always: drift is asked about within seconds. */
export const authorsKept = 20_000;

/** Characters of a user agent, a name or a URI that a line holds. */
export const textMax = 1024;
