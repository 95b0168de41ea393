// What the console writes on objects, so that anybody can read there who did what.

export const consoleMarks = {
  suspendReason: "keelson.dev/suspend-reason",
  suspendedBy: "keelson.dev/suspended-by",
} as const;

/** Who writes. Not kubectl's: what its managers set is taken back where Git does not state it. */
export const consoleManager = "keelson-console";
