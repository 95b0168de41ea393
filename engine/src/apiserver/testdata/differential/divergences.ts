// Scripts whose answers are known to differ, by reason. One that begins to agree fails, so the list only shrinks.

const byReason: Readonly<Record<string, readonly string[]>> = {
};

/** The reason for each script that differs. */
export const divergences: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(byReason).flatMap(([reason, names]) => names.map((name) => [name, reason])),
);
