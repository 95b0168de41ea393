// Bounds on what one chart may cost.

/** Numbers in a list that until, untilStep or seq make. */
export const listLengthMax = 10_000_000;

/** Text that repeat may make, in UTF-16 units. */
export const repeatLengthMax: number = 256 * 1024 * 1024;

/** How often one named template may stand inside itself through include, as in Helm's engine. */
export const includeDepthMax = 1_000;

/** A chart's size, of a packed one once it is unpacked, as in Helm's loader (100 MiB). */
export const unpackedSizeMax: number = 100 * 1024 * 1024;

/** Nesting of charts in charts. */
export const chartDepthMax = 64;

/** The largest index that --set accepts, as in Helm's strvals. */
export const setIndexMax = 65_536;

/** Nesting of keys that --set accepts, as in Helm's strvals. */
export const setDepthMax = 30;

/** Rendering of one chart from the command line; public charts take less than two seconds. */
export const renderTimeMaxMs = 120_000;

/** Schemas kept compiled; each holds its chart's schema and the code made of it. */
export const compiledSchemasMax = 32;

/** Nesting of schemas, and of references while values are checked: what goes deeper is left to the whole validator. */
export const schemaDepthMax = 200;

/** Masterminds/semver reads no longer versions and constraints, nor more groups: matching them would take for ever. */
export const versionBytesMax = 256;
export const constraintBytesMax = 512;
export const constraintGroupsMax = 32;

/** Characters of one random text: keys and passwords have some hundreds. */
export const randomLengthMax: number = 16 * 1024 * 1024;

/** Lists, maps and texts inside one value that is written out; the largest public chart has some 100,000. */
export const plainNodesMax = 10_000_000;

/** Nesting from which encoding/json looks whether a value holds itself. */
export const uncheckedDepthMax = 1_000;

/** Nesting that the quick reader of plain YAML follows: it calls itself. */
export const quickDepthMax = 100;

/** Characters of YAML that it reads, or of one line of a document: expressions that match more of them overflow their stack. */
export const quickLengthMax: number = 4 * 1024 * 1024;

/** Nesting of lists and tables in a TOML value: the reader calls itself. */
export const tomlDepthMax = 1_000;

/** Steps that the platform's regular expressions may take at worst for one match: a tenth of a second. */
export const nativeStepsMax = 20_000_000;

/** Characters of a regular expression: with its groups its program grows by their square. Public charts' have some hundreds. */
export const patternLengthMax = 10_000;

/** Powers of ten that numbers of schemas are computed with; beyond them, more digits than any value has. */
export const rationalExponentMax = 5_000;
