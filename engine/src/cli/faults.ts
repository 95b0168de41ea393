// What the command line itself can fail with; faults of the rooms below keep their own codes.

/**
 * usage: the command line is wrong. not-reachable: no server answered. not-permitted: it refused to listen to us.
 * timed-out: what was waited for did not come. not-found: the named object is not there. refused: the server said no.
 * failed: the object waited for ended badly. busy: a lock or a port is held by another. no-target: nothing to talk to.
 */
export type CliCode =
  | "usage"
  | "not-reachable"
  | "not-permitted"
  | "timed-out"
  | "not-found"
  | "refused"
  | "failed"
  | "busy"
  | "no-target";
