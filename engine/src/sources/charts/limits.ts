// Every bound of chart repositories, with the reason for its number.

/** An index.yaml; Flux's bound. The largest public ones have some 25 MiB. */
export const indexMost: number = 50 * 1024 * 1024;
/** A packed chart; Flux's bound. */
export const chartMost: number = 10 * 1024 * 1024;
/** A manifest's provenance; a signed Chart.yaml. */
export const provenanceMost: number = 1024 * 1024;
