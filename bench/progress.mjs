// A line of progress every few seconds, for runs that take minutes.

const everyMs = 5_000;

/** A function that prints what it is given, with the time since the start, but not too often. */
export function makeProgress(title) {
  const start = performance.now();
  let next = start + everyMs;
  return (text) => {
    const now = performance.now();
    if (now < next) return;
    next = now + everyMs;
    console.log(`${title}: ${Math.round((now - start) / 1_000)} s, ${text}`);
  };
}
