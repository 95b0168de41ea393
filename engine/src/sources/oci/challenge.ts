// `WWW-Authenticate`: what a registry wants before it answers. https://www.rfc-editor.org/rfc/rfc9110#field.www-authenticate

export type Challenge = { scheme: string; parameters: ReadonlyMap<string, string> };

const tokenPattern = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const pairPattern = /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*,?/y;

/** Several challenges may stand in one header. What cannot be read ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  while (at < header.length) {
    while (/[\s,]/.test(header[at] ?? "")) at++;
    tokenPattern.lastIndex = at;
    const scheme = tokenPattern.exec(header)?.[0];
    if (scheme === undefined) break;
    at += scheme.length;
    const parameters = new Map<string, string>();
    for (;;) {
      pairPattern.lastIndex = at;
      const pair = pairPattern.exec(header);
      if (pair === null) break;
      parameters.set((pair[1] ?? "").toLowerCase(), pair[2]?.replace(/\\(.)/g, "$1") ?? pair[3] ?? "");
      at = pairPattern.lastIndex;
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}
