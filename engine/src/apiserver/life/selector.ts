// metav1.LabelSelector. An empty one selects everything; what is no selector selects nothing.

export type Selector = {
  matchLabels?: { [key: string]: string };
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

export type Labels = { [key: string]: string } | undefined;

export function matchesSelector(selector: Selector | undefined | null, labels: Labels = {}): boolean {
  if (selector === undefined || selector === null) return false;
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => matchesRequirement(requirement, labels))
  );
}

/** Also used for node affinity, which knows Gt and Lt. */
export function matchesRequirement(
  requirement: { key: string; operator: string; values?: string[] },
  labels: { [key: string]: string },
): boolean {
  const { key, operator, values = [] } = requirement;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
