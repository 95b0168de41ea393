// How well a few typed letters fit a name: all must appear in order; those at the starts of words and next to each other count most.

/** Higher fits better; undefined: it does not fit. */
export function fitOf(typed: string, name: string): number | undefined {
  const wanted = typed.toLowerCase().replaceAll(/\s+/g, "");
  const text = name.toLowerCase();
  const whole = text.indexOf(typed.trim().toLowerCase());
  if (whole >= 0) return 1_000 - whole - text.length / 100 + (startsWord(text, whole) ? 100 : 0);
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = bestNext(text, letter, at);
    if (next < 0) return undefined;
    score += next === at + 1 ? 8 : startsWord(text, next) ? 6 : 1;
    at = next;
  }
  return score - text.length / 100;
}

/** The next place of a letter: at once if it follows, else at the start of a word, else wherever it is. */
function bestNext(text: string, letter: string, after: number): number {
  if (text[after + 1] === letter) return after + 1;
  const first = text.indexOf(letter, after + 1);
  for (let at = first; at >= 0; at = text.indexOf(letter, at + 1)) if (startsWord(text, at)) return at;
  return first;
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1] ?? "");
}

/** How well a name must fit to be offered beside the best: letters strewn about a name mean little where another has the word. */
export function leastFit(typed: string, best: number): number {
  return best > 500 ? typed.trim().length * 6 : 0;
}
