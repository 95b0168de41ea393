// A small generator of random numbers (mulberry32): equal seeds give equal choices.

export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const int = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[int(list.length)];
  return {
    int,
    pick,
    chance: (share) => next() < share,
    some: (list, share) => list.filter(() => next() < share),
    times: (count, make) => Array.from({ length: count }, (_, i) => make(i)),
    /** One of the alternatives `[weight, value]`. */
    weighted: (alternatives) => {
      let left = next() * alternatives.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of alternatives) if ((left -= weight) < 0) return value;
      return alternatives[0][1];
    },
  };
}
