// Label selectors in the text form that the Kubernetes API takes, on the labels of an object at hand.

/** `a=b,c!=d,e,!f,g in (h,i),j notin (k)`: all must hold. */
export function matchesLabels(selector: string | undefined, labels: { readonly [key: string]: string }): boolean {
  if (selector === undefined || selector.trim() === "") return true;
  return splitTerms(selector).every((term) => matchesTerm(term, labels));
}

function splitTerms(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).map((term) => term.trim());
}

function matchesTerm(term: string, labels: { readonly [key: string]: string }): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const isIn = labels[key] !== undefined && list.split(",").some((value) => value.trim() === labels[key]);
    return operator === "in" ? isIn : !isIn;
  }
  const unequal = /^([^=!\s]+)\s*!=\s*(\S*)$/.exec(term);
  if (unequal !== null) return labels[unequal[1] ?? ""] !== unequal[2];
  const equal = /^([^=!\s]+)\s*==?\s*(\S*)$/.exec(term);
  if (equal !== null) return labels[equal[1] ?? ""] === equal[2];
  return term.startsWith("!") ? labels[term.slice(1)] === undefined : labels[term] !== undefined;
}
