// A cluster that counts what it is asked: by verb, or by whatever name a verb and its target are given.

const plain = ["get", "list", "watch", "patch", "update", "create", "delete"];
const untargeted = ["discover", "review"];

/** `tally`: how often, by name. */
export function counted(cluster, tally, nameOf = (verb) => verb) {
  const count = (verb, target, run) => {
    const name = nameOf(verb, target);
    tally[name] = (tally[name] ?? 0) + 1;
    return run();
  };
  const asked = (verb) => [verb, (target, ...more) => count(verb, target, () => cluster[verb](target, ...more))];
  const told = (verb) => [verb, (...args) => count(verb, undefined, () => cluster[verb](...args))];
  return {
    ...Object.fromEntries([...plain.map(asked), ...untargeted.map(told)]),
    name: cluster.name,
    apply: (target, manifest, options) =>
      count(options.isDryRun ? "dry run" : "apply", target, () => cluster.apply(target, manifest, options)),
    as: (identity) => counted(cluster.as(identity), tally, nameOf),
  };
}

/** `get Secret`, `patch Deployment/status`. */
export function verbAndKind(verb, target) {
  if (target === undefined) return verb;
  const { kind, resource, subresource } = target;
  return `${verb} ${kind ?? resource.kind}${subresource === undefined ? "" : "/status"}`;
}
