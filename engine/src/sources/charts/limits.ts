// Every bound of chart repositories, with the reason for its number.

/** An index.yaml; Flux's bound. The largest public ones have some 25 MiB. */
export const indexMost: number = 50 * 1024 * 1024;
/** Indexes from this size on are read in another thread: what is smaller takes less than a tenth of a second. */
export const indexThreadBytes: number = 128 * 1024;
/** What that thread may take: an index of the greatest size becomes some 1.5 GiB of objects while it is read. */
export const indexThreadMemoryMiB = 2_048;
/** The largest that there are take some ten seconds; a busy machine may take several times as long. */
export const indexReadMostMs: number = 300_000;
/** A packed chart; Flux's bound. */
export const chartMost: number = 10 * 1024 * 1024;
/** A manifest's provenance; a signed Chart.yaml. */
export const provenanceMost: number = 1024 * 1024;
