// Bounds on what one template may cost.

/** Go's own limit for nested {{template}} calls; beyond it Go ends with an error too. */
export const executionDepthMax = 100_000;

/** Length of one template's output in UTF-16 units: ten times the largest public chart's whole output. */
export const outputLengthMax: number = 256 * 1024 * 1024;

/** Parenthesis depth in one pipeline; deeper nesting would exhaust the parser's stack. Go stops at a stack of 1 GB. */
export const parenthesisDepthMax = 500;

/** Nesting of control structures in one template text. */
export const blockDepthMax = 1_000;

/** Loop turns of one render, all loops together: minutes of work in any real template, so only an endless loop gets there. */
export const loopTurnsMax = 100_000_000;

/** Width or precision that printf accepts, as in Go's fmt. */
export const printfWidthMax = 1_000_000;

/** Parsed texts that are kept: a large umbrella chart has some 2,000 templates and tpl texts. */
export const parsedTextsMax = 8_192;

/** Characters of all that is kept; compiled, a text takes some forty bytes for each. That umbrella chart has six million. */
export const parsedCharactersMax: number = 8 * 1024 * 1024;

/** Names under which one text is kept compiled: the same file stands in many charts, but the memory is bounded. */
export const namesOfTextMax = 64;

/** Texts from this length on are surveyed before they are parsed; in shorter ones nothing is gained. */
export const surveyedTextMin = 60;

/** Lists of statements from this length on are parsed when they first run. */
export const unreadListMin = 160;

/** Nesting of blocks or parentheses that a survey follows; charts have ten at most. */
export const surveyedDepthMax = 100;

/** Actions, and words of actions, that are remembered: the largest charts have some 8,000. Beyond it all are forgotten. */
export const rememberedActionsMax = 20_000;
