// Scripts whose answers are known to differ, by reason. One that begins to agree fails, so the list only shrinks.

const byReason: Readonly<Record<string, readonly string[]>> = {
  "the real server keeps a deletionTimestamp that a PUT creates a RuntimeClass with: nothing would ever finish that deletion": [
    "1/129: oddities of runtimeclass",
  ],
  "the counter of a DaemonSet's templates is owned by who changed the template, here by who made the set": [
    "1/203: interleavings of daemonset",
  ],
  "a write of a scale or an apply that changes nothing gives its manager a new time, or none": [
    "1/240: scales of replicationcontroller",
    "1/616: interleavings of replicationcontroller",
  ],
  "the words of Go's converter about a strategic merge patch of the wrong shape": ["1/332: faults of serviceaccount"],
};

/** The reason for each script that differs. */
export const divergences: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(byReason).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);
