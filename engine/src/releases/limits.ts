// Bounds on what rendering against a cluster may ask of it.

/** Rounds of rendering and answering: a chart whose lookups depend on each other's answers takes one for each step. */
export const lookupRoundsMost = 100;

/** Objects in a list that `lookup` answers at once, as one page; further pages follow. */
export const lookupPageSize = 500;
