// Bounds of the console's API, each with its reason.

/** Changes kept for streams that come back: at 200 a second, a hundred seconds of absence. */
export const changesMost = 20_000;

/** Changed cards and objects are gathered so long before they are told: ten pictures a second are as many as a reader sees. */
export const gatherMs = 100;

/** Changes in one event: a reader that fell far behind gets them in parts, so that no part is large. */
export const batchMost = 500;

/** Length of what is written at once to one reader: all that a reader that does not read makes the server hold. */
export const batchLengthMost: number = 128 * 1024;

/** How long a node of the graph is, about, before it is made. */
export const nodeLength = 512;

/** A reader that has not read for so long is cut off; its page opens another stream and goes on. */
export const stalledMs = 60_000;

/** Consoles open at once on one server; each costs a socket and a share of every change. */
export const streamsMost = 256;

/** Proxies and browsers close a silent stream after 30 to 60 s. */
export const heartbeatMs = 15_000;

/** How long an open page's rights may be stale before they are asked for again. */
export const rightsTtlMs = 30_000;

/** Answers about rights that are remembered, over all users: a user of 500 namespaces and 30 kinds has 15,000. */
export const rightsMost = 50_000;

/** Questions about rights that are open at once: the API server has others to answer too. */
export const reviewsAtOnce = 16;

/** Questions that one request may cause: beyond it, what is not known is not shown, and the answer says so. */
export const reviewsMost = 2_000;

/** Events kept for new consoles: what happened lately, not the log. */
export const happeningsMost = 200;

/** Events shown of one object: the newest; the rest stands in the cluster. */
export const eventsMost = 50;

/** Objects of one delivery that its page gets: a graph beyond it is no picture any more. */
export const nodesMost = 5_000;

/** Hits of one search answer: a list that nobody reads to its end. */
export const hitsMost = 200;

/** Longest search text: some words. */
export const queryMost = 256;

/** Lines of the engine's log kept in memory over all deliveries; the file has the rest. */
export const logLinesMost = 5_000;

/** Lines of it that one page shows. */
export const logLinesShown = 200;

/** How long after the last open page what grew from stated objects (Pods, ReplicaSets) is watched on. */
export const grownLingerMs: number = 10 * 60_000;

/** How long the changes of a delivery's objects are noted after its last page closed, so that a reload misses none. */
export const topicLingerMs = 60_000;

/** A request's body: an action with a reason. */
export const bodyMost: number = 64 * 1024;

/** Answers below this size are not compressed: it would save less than a packet. */
export const compressLeast = 1_400;

/** Owners up from an object: Pod, ReplicaSet, Deployment, and what an operator puts above. */
export const ownersMost = 10;

/** Deliveries that a chain of dependencies shows: a page, not the fleet. */
export const chainMost = 100;

/** Labels of an object that can be searched for: the first ones; more are machines' own. */
export const labelsMost = 20;

/** Longest message of an object's health or a condition that a list carries. */
export const messageMost = 512;

/** Lines of one text times lines of the other that are compared: 2,000 by 2,000 take some 20 ms and 16 MB. */
export const diffCellsMost = 4_000_000;

/** Files in one commit that the console makes: more is a change for people to make. */
export const commitFilesMost = 200;

/** Longest file that it writes. */
export const commitFileLengthMost: number = 1024 * 1024;

/** Deliveries whose files are kept parsed for their lines: those that somebody looks at. */
export const placesMost = 20;

/** Renderings kept for pages, and how long: as long as somebody clicks through the objects of one delivery. */
export const renderingsMost = 20;
export const renderingTtlMs = 15_000;

/** Owned fields that one page lists: a large object has some hundreds. */
export const ownersShown = 2_000;

/** Longest value of one field in such a list. */
export const valueMost = 160;

/** Commits that a timeline looks at; the history that is fetched has no more. */
export const commitsMost = 200;

/** Entries of one timeline answer. */
export const entriesMost = 500;

/** Objects of a past moment that are shown with their content. */
export const momentObjectsMost = 500;

/** How long a page waits for a source's history to be fetched, before it is shown without. */
export const historyPatienceMs = 2_000;

/** How long a roll-back by Helm may take while somebody waits for its answer: its hooks are waited for. */
export const rollBackPatienceMs: number = 5 * 60_000;

/** How long the logs of all deliveries are kept for one viewer: as long as somebody drags through the past. */
export const pastTtlMs = 2_000;

/** Commits that cards have spoken of and that are kept: those of two months of a busy repository. */
export const commitsKeptMost = 10_000;
