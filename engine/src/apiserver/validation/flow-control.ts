// FlowSchemas and PriorityLevelConfigurations (pkg/apis/flowcontrol/validation, v1.36). The mandatory ones are as they are.

import { type FieldError, invalid, labelErrors, notSupported, required, subdomainErrors } from "#api/crd";
import { mandatoryFlowControl } from "#api/kubernetes";
import { equalJson, isObject, type Json, type JsonObject, asJson } from "#kernel";
import { forbidden, invalidAll, itemsOf, part, type Rule, textOf } from "./fields.ts";

const precedenceMost = 10_000;

export const flowSchemaRules: Rule = (object) => {
  const spec = part(object, "spec");
  const name = textOf(part(object, "metadata")["name"]);
  const level = textOf(part(spec, "priorityLevelConfiguration")["name"]);
  const at = "spec.priorityLevelConfiguration.name";
  return [
    ...precedenceErrors(spec["matchingPrecedence"], name),
    ...distinguisherErrors(spec["distinguisherMethod"]),
    ...(level === ""
      ? [required(at, "must reference a priority level")]
      : invalidAll(at, level, subdomainErrors(level))),
    ...itemsOf(spec["rules"], "spec.rules").flatMap(({ item, field }) => flowRuleErrors(item, field)),
    ...mandatoryErrors("FlowSchema", name, spec),
    ...conditionErrors(object),
  ];
};

function precedenceErrors(value: Json | undefined, name: string): FieldError[] {
  const field = "spec.matchingPrecedence";
  if (typeof value !== "number") return [];
  if (value <= 0) return [invalid(field, value, "must be a positive value")];
  if (value > precedenceMost) return [invalid(field, value, `must not be greater than ${precedenceMost}`)];
  if (value === 1 && name !== "exempt")
    return [invalid(field, value, "only the schema named 'exempt' may have matchingPrecedence 1")];
  return [];
}

const distinguishers = ["ByNamespace", "ByUser"];

function distinguisherErrors(method: Json | undefined): FieldError[] {
  if (!isObject(method)) return [];
  const type = textOf(method["type"]);
  if (distinguishers.includes(type)) return [];
  return [notSupported("spec.distinguisherMethod.type", { Type: type }, distinguishers)];
}

function flowRuleErrors(rule: JsonObject, field: string): FieldError[] {
  const subjects = itemsOf(rule["subjects"], `${field}.subjects`);
  const resources = itemsOf(rule["resourceRules"], `${field}.resourceRules`);
  const paths = itemsOf(rule["nonResourceRules"], `${field}.nonResourceRules`);
  return [
    ...(subjects.length === 0 ? [required(`${field}.subjects`, "subjects must contain at least one value")] : []),
    ...subjects.flatMap((one) => subjectErrors(one.item, one.field)),
    ...(resources.length + paths.length === 0
      ? [required(field, "at least one of resourceRules and nonResourceRules has to be non-empty")]
      : []),
    ...resources.flatMap((one) => resourceRuleErrors(one.item, one.field)),
    ...paths.flatMap((one) => pathRuleErrors(one.item, one.field)),
  ];
}

/** The member that says who a subject of a kind is, and the kind. */
const subjectMembers: readonly (readonly [string, string])[] = [
  ["serviceAccount", "ServiceAccount"],
  ["user", "User"],
  ["group", "Group"],
];

function subjectErrors(subject: JsonObject, field: string): FieldError[] {
  const kind = textOf(subject["kind"]);
  const own = subjectMembers.find(([, one]) => one === kind)?.[0];
  if (own === undefined) return [notSupported(`${field}.kind`, kind, ["Group", "ServiceAccount", "User"])];
  const others = subjectMembers.filter(([member]) => member !== own && subject[member] !== undefined);
  return [
    ...namedSubjectErrors(subject[own], own, kind, `${field}.${own}`),
    ...others.map(([member, one]) =>
      forbidden(`${field}.${member}`, `${member} is forbidden when subject kind is not '${one}'`),
    ),
  ];
}

// oxlint-disable-next-line max-params -- what says who it is, as what, and where it stands
function namedSubjectErrors(subject: Json | undefined, member: string, kind: string, field: string): FieldError[] {
  if (!isObject(subject)) return [required(field, `${member} is required when subject kind is '${kind}'`)];
  const name = textOf(subject["name"]);
  const errors = name === "" ? [required(`${field}.name`)] : [];
  if (kind !== "ServiceAccount") return errors;
  if (name !== "" && name !== "*") errors.push(...invalidAll(`${field}.name`, name, subdomainErrors(name)));
  const namespace = textOf(subject["namespace"]);
  return [
    ...errors,
    ...(namespace === ""
      ? [required(`${field}.namespace`, "must specify namespace for service account")]
      : invalidAll(`${field}.namespace`, namespace, labelErrors(namespace))),
  ];
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

const flowVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

function verbErrors(rule: JsonObject, field: string): FieldError[] {
  const verbs = textsOf(rule["verbs"]);
  const at = `${field}.verbs`;
  if (verbs.length === 0) return [required(at, "verbs must contain at least one value")];
  if (verbs.includes("*")) return aloneErrors(verbs, at, "verbs");
  return verbs.every((verb) => flowVerbs.includes(verb)) ? [] : [notSupported(at, verbs, flowVerbs)];
}

/** "*" stands by itself. */
function aloneErrors(values: string[], field: string, what: string): FieldError[] {
  return values.includes("*") && values.length > 1
    ? [invalid(field, values, `if '*' is present, must not specify other ${what}`)]
    : [];
}

function resourceRuleErrors(rule: JsonObject, field: string): FieldError[] {
  const lists = [
    ["apiGroups", "api group", "api groups"],
    ["resources", "resource", "resources"],
  ] as const;
  return [
    ...verbErrors(rule, field),
    ...lists.flatMap(([name, one, many]) => {
      const values = textsOf(rule[name]);
      return values.length === 0
        ? [required(`${field}.${name}`, `resource rules must supply at least one ${one}`)]
        : aloneErrors(values, `${field}.${name}`, many);
    }),
    ...namespaceErrors(rule, `${field}.namespaces`),
  ];
}

function namespaceErrors(rule: JsonObject, field: string): FieldError[] {
  const namespaces = textsOf(rule["namespaces"]);
  if (namespaces.length === 0 && rule["clusterScope"] !== true)
    return [required(field, "resource rules that are not cluster scoped must supply at least one namespace")];
  if (namespaces.includes("*")) return aloneErrors(namespaces, field, "namespaces");
  return namespaces.flatMap((name, index) =>
    invalidAll(
      `${field}[${index}]`,
      name,
      labelErrors(name).map((text) => `each member of this list must be '*' or a DNS-1123 label; ${text}`),
    ),
  );
}

function pathRuleErrors(rule: JsonObject, field: string): FieldError[] {
  const paths = textsOf(rule["nonResourceURLs"]);
  const at = `${field}.nonResourceURLs`;
  const errors = verbErrors(rule, field);
  if (paths.length === 0) return [...errors, required(at, "nonResourceURLs must contain at least one value")];
  if (paths.includes("*")) return [...errors, ...aloneErrors(paths, at, "non-resource URLs")];
  return [
    ...errors,
    ...paths.flatMap((path, index) => {
      const message = pathError(path);
      return message === undefined ? [] : [invalid(`${at}[${index}]`, path, message)];
    }),
  ];
}

function pathError(path: string): string | undefined {
  if (path === "") return "must not be empty";
  if (path === "/") return undefined;
  if (!path.startsWith("/")) return "must start with slash";
  if (path.includes(" ")) return "must not contain white-space";
  if (path.includes("//")) return "must not contain double slash";
  const stars = path.split("*").length - 1;
  return stars > 1 || (stars === 1 && !path.endsWith("/*")) ? "wildcard can only do suffix matching" : undefined;
}

function conditionErrors(object: JsonObject): FieldError[] {
  const conditions = itemsOf(part(object, "status")["conditions"], "status.conditions");
  return conditions.flatMap(({ item, field }, index) => {
    const type = textOf(item["type"]);
    const isAgain = conditions.findIndex((one) => textOf(one.item["type"]) === type) < index;
    return [
      ...(isAgain ? [{ type: "Duplicate" as const, field: `${field}.type`, value: type, detail: "" }] : []),
      ...(type === "" ? [required(`${field}.type`)] : []),
    ];
  });
}

/** Of the level `exempt` its own numbers alone may change; nothing of the others. */
function mandatoryErrors(kind: string, name: string, spec: JsonObject): FieldError[] {
  const mandatory = mandatoryFlowControl.find((one) => one.kind === kind && one.metadata.name === name);
  if (mandatory === undefined) return [];
  const wanted = part(asJson(mandatory), "spec");
  const isExempt = kind === "PriorityLevelConfiguration" && name === "exempt";
  const found = isExempt ? { ...spec, exempt: wanted["exempt"] as Json } : spec;
  if (equalJson(found, wanted)) return [];
  const but = isExempt ? "except the 'spec.exempt' field " : "";
  return [invalid("spec", asGo(spec), `spec of '${name}' ${but}must equal the fixed value`)];
}

/** Members as the names of Go's own fields, as a value without names in JSON is shown. */
function asGo(value: Json): Json {
  if (Array.isArray(value)) return value.map(asGo);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [(name[0] ?? "").toUpperCase() + name.slice(1), asGo(member)]),
  );
}

export const priorityLevelRules: Rule = (object) => {
  const spec = part(object, "spec");
  const name = textOf(part(object, "metadata")["name"]);
  const type = textOf(spec["type"]);
  const isMisnamed = (name === "exempt") !== (type === "Exempt");
  return [
    ...(isMisnamed ? [invalid("spec.type", type, "must be 'Exempt' if and only if `name` is 'exempt'")] : []),
    ...levelErrors(spec, type),
    ...mandatoryErrors("PriorityLevelConfiguration", name, spec),
    ...conditionErrors(object),
  ];
};

function levelErrors(spec: JsonObject, type: string): FieldError[] {
  const { limited, exempt } = spec;
  switch (type) {
    case "Exempt":
      return [
        ...(limited === undefined ? [] : [forbidden("spec.limited", "must be nil if the type is not Limited")]),
        ...(isObject(exempt) ? shareErrors(exempt, "spec.exempt") : []),
      ];
    case "Limited":
      return [
        ...(exempt === undefined ? [] : [forbidden("spec.exempt", "must be nil if the type is Limited")]),
        ...(isObject(limited)
          ? limitedErrors(limited)
          : [required("spec.limited", "must not be empty when type is Limited")]),
      ];
    case "":
      return [required("spec.type")];
    default:
      return [notSupported("spec.type", type, ["Exempt", "Limited"])];
  }
}

function shareErrors(level: JsonObject, field: string): FieldError[] {
  const { nominalConcurrencyShares: shares, lendablePercent: percent } = level;
  const errors: FieldError[] = [];
  if (typeof shares === "number" && shares < 0)
    errors.push(invalid(`${field}.nominalConcurrencyShares`, shares, "must be a non-negative integer"));
  if (typeof percent === "number" && (percent < 0 || percent > 100))
    errors.push(invalid(`${field}.lendablePercent`, percent, "must be between 0 and 100, inclusive"));
  return errors;
}

function limitedErrors(limited: JsonObject): FieldError[] {
  const borrowing = limited["borrowingLimitPercent"];
  const isNegative = typeof borrowing === "number" && borrowing < 0;
  const detail = "if specified, must be a non-negative integer";
  return [
    ...shareErrors(limited, "spec.limited"),
    ...responseErrors(part(limited, "limitResponse"), "spec.limited.limitResponse"),
    ...(isNegative ? [invalid("spec.limited.borrowingLimitPercent", borrowing, detail)] : []),
  ];
}

function responseErrors({ type, queuing }: JsonObject, field: string): FieldError[] {
  switch (textOf(type)) {
    case "Reject":
      return queuing === undefined
        ? []
        : [forbidden(`${field}.queuing`, "must be nil if limited.limitResponse.type is not Limited")];
    case "Queue":
      return isObject(queuing)
        ? queuingErrors(queuing, `${field}.queuing`)
        : [required(`${field}.queuing`, "must not be empty if limited.limitResponse.type is Limited")];
    case "":
      return [required(`${field}.type`)];
    default:
      return [notSupported(`${field}.type`, textOf(type), ["Queue", "Reject"])];
  }
}

const queuesMost = 10_000_000;
/** Bits of the hash that deals requests to queues. */
const hashBits = 60;

function queuingErrors(queuing: JsonObject, field: string): FieldError[] {
  const [queues, hand, length] = ["queues", "handSize", "queueLengthLimit"].map((name) => Number(queuing[name] ?? 0));
  if (queues === undefined || hand === undefined || length === undefined) return [];
  const errors = length <= 0 ? [invalid(`${field}.queueLengthLimit`, length, "must be positive")] : [];
  if (queues <= 0) errors.push(invalid(`${field}.queues`, queues, "must be positive"));
  else if (queues > queuesMost)
    errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${queuesMost}`));
  const bits = Math.ceil(Math.log2(queues) * hand);
  if (hand <= 0) errors.push(invalid(`${field}.handSize`, hand, "must be positive"));
  else if (hand > queues)
    errors.push(invalid(`${field}.handSize`, hand, `should not be greater than queues (${queues})`));
  else if (bits > hashBits)
    errors.push(
      invalid(
        `${field}.handSize`,
        hand,
        `required entropy bits of deckSize ${queues} and handSize ${hand} should not be greater than ${hashBits}`,
      ),
    );
  return errors;
}
