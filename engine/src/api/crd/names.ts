// Names, labels, annotations and the like: what apimachinery's validation packages accept, in their words.

import { encodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import { annotationBytesMax } from "./limits.ts";
import { childField, type FieldError, invalid, required } from "./field-error.ts";

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const labelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^${subdomain}$`);
const dns1035Pattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedPattern = new RegExp(`^${qualified}$`);

/** Names tell their bound in characters, labels in bytes: the server's two validation packages differ. */
function tooLong(max: number, unit: "characters" | "bytes" = "characters"): string {
  return `must be no more than ${max} ${unit}`;
}

function patternMessage(message: string, pattern: string, ...examples: string[]): string {
  return `${message} (e.g. ${examples.map((example) => `'${example}'`).join(",  or ")}, regex used for validation is '${pattern}')`;
}

const subdomainMessage = patternMessage(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  "example.com",
);
const labelMessage = patternMessage(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  "my-name",
  "123-abc",
);
const dns1035Message = patternMessage(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "[a-z]([-a-z0-9]*[a-z0-9])?",
  "my-name",
  "abc-123",
);
const qualifiedMessage = patternMessage(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualified,
  "MyName",
  "my.name",
  "123-abc",
);
const labelValueMessage = patternMessage(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${qualified})?`,
  "MyValue",
  "my_value",
  "12345",
);

function checkPattern(text: string, max: number, pattern: RegExp, message: string): string[] {
  return [...(text.length > max ? [tooLong(max)] : []), ...(pattern.test(text) ? [] : [message])];
}

/** RFC 1123 subdomain: most names. Each returns what is wrong, empty when nothing is. */
export function subdomainErrors(text: string): string[] {
  return checkPattern(text, 253, subdomainPattern, subdomainMessage);
}

/** RFC 1123 label: namespaces, Services (since 1.36), container and port names. */
export function labelErrors(text: string): string[] {
  const isDotted = !labelPattern.test(text) && subdomainPattern.test(text);
  return checkPattern(text, 63, labelPattern, isDotted ? "must not contain dots" : labelMessage);
}

/** RFC 1035 label: Services. */
export function dns1035Errors(text: string): string[] {
  return checkPattern(text, 63, dns1035Pattern, dns1035Message);
}

/** One segment of a URL path: names of RBAC objects. */
export function pathSegmentErrors(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"].filter((sign) => text.includes(sign)).map((sign) => `may not contain '${sign}'`);
}

/** Keys of labels and annotations: an optional subdomain and a name. */
export function qualifiedNameErrors(text: string): string[] {
  const parts = text.split("/");
  if (parts.length > 2) {
    return [
      `a valid label key ${qualifiedMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? "";
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") errors.push("prefix part must be non-empty");
    else errors.push(...subdomainErrors(prefix).map((message) => `prefix part ${message}`));
  }
  if (name === "") errors.push("name part must be non-empty");
  else if (name.length > 63) errors.push(`name part ${tooLong(63, "bytes")}`);
  if (!qualifiedPattern.test(name)) errors.push(`name part ${qualifiedMessage}`);
  return errors;
}

export function labelValueErrors(text: string): string[] {
  return [
    ...(text.length > 63 ? [tooLong(63, "bytes")] : []),
    ...(text === "" || qualifiedPattern.test(text) ? [] : [labelValueMessage]),
  ];
}

const configKeyPattern = /^[-._a-zA-Z0-9]+$/;
const configKeyMessage = patternMessage(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "[-._a-zA-Z0-9]+",
  "key.name",
  "KEY_NAME",
  "key-name",
);

/** Keys of ConfigMaps and Secrets. */
export function configKeyErrors(text: string): string[] {
  const errors = text.length > 253 ? [tooLong(253)] : [];
  if (!configKeyPattern.test(text)) errors.push(configKeyMessage);
  if (text === "." || text === "..") errors.push(`must not be '${text}'`);
  else if (text.startsWith("..")) errors.push("must not start with '..'");
  return errors;
}

export function validateLabels(labels: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const message of qualifiedNameErrors(key)) errors.push(invalid(field, key, message));
    for (const message of labelValueErrors(typeof value === "string" ? value : ""))
      errors.push(invalid(field, value, message));
  }
  return errors;
}

export function validateAnnotations(annotations: JsonObject, field: string): FieldError[] {
  const errors = Object.keys(annotations).flatMap((key) =>
    qualifiedNameErrors(key.toLowerCase()).map((message) => invalid(field, key, message)),
  );
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations))
    bytes += encodeUtf8(key).length + (typeof value === "string" ? encodeUtf8(value).length : 0);
  if (bytes > annotationBytesMax)
    errors.push({ type: "TooLong", field, detail: `may not be more than ${annotationBytesMax} bytes` });
  return errors;
}

export type NameRule = (text: string) => string[];

/** How names of a resource are checked, by plural and group. */
export function nameRuleOf(group: string, plural: string): NameRule {
  if (group === "rbac.authorization.k8s.io" || group === "apiregistration.k8s.io") return pathSegmentErrors;
  if (group === "certificates.k8s.io") return pathSegmentErrors;
  if (group === "apps" && plural === "statefulsets") return labelErrors;
  if (group === "" && (plural === "namespaces" || plural === "services")) return labelErrors;
  // The address itself; its own kind's rules say what is wrong with it.
  if (group === "networking.k8s.io" && plural === "ipaddresses") return () => [];
  return subdomainErrors;
}

/** Everything of `metadata` that is the same for all kinds. */
export function validateMetadata(
  metadata: JsonObject,
  options: { isNamespaced: boolean; nameRule: NameRule },
): FieldError[] {
  const text = (name: string): string => (typeof metadata[name] === "string" ? metadata[name] : "");
  const [name, generateName, namespace] = [text("name"), text("generateName"), text("namespace")];
  const errors: FieldError[] = [];
  if (generateName !== "") {
    const masked =
      generateName.length > 1 && generateName.endsWith("-") ? `${generateName.slice(0, -2)}a` : generateName;
    errors.push(...options.nameRule(masked).map((message) => invalid("metadata.generateName", generateName, message)));
  }
  if (name === "") errors.push(required("metadata.name", "name or generateName is required"));
  else errors.push(...options.nameRule(name).map((message) => invalid("metadata.name", name, message)));
  if (options.isNamespaced) {
    if (namespace === "") errors.push(required("metadata.namespace"));
    else errors.push(...labelErrors(namespace).map((message) => invalid("metadata.namespace", namespace, message)));
  } else if (namespace !== "") {
    errors.push({ type: "Forbidden", field: "metadata.namespace", detail: "not allowed on this type" });
  }
  if (isObject(metadata["labels"])) errors.push(...validateLabels(metadata["labels"], "metadata.labels"));
  if (isObject(metadata["annotations"]))
    errors.push(...validateAnnotations(metadata["annotations"], "metadata.annotations"));
  errors.push(...validateOwners(metadata["ownerReferences"]), ...validateFinalizers(metadata["finalizers"]));
  return errors;
}

function validateOwners(owners: Json | undefined): FieldError[] {
  if (!Array.isArray(owners)) return [];
  const errors: FieldError[] = [];
  let controller = "";
  for (const owner of owners) {
    if (!isObject(owner)) continue;
    const field = "metadata.ownerReferences";
    const words: [string, string][] = [
      ["apiVersion", "version must not be empty"],
      ["kind", "must not be empty"],
      ["name", "must not be empty"],
      ["uid", "must not be empty"],
    ];
    for (const [name, detail] of words)
      if (typeof owner[name] !== "string" || owner[name] === "")
        errors.push(invalid(childField(field, name), owner[name] ?? "", detail));
    if (owner["controller"] !== true) continue;
    const name = `${String(owner["kind"] as string)}/${String(owner["name"] as string)}`;
    if (controller === "") controller = name;
    else
      errors.push(
        invalid(
          field,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`,
        ),
      );
  }
  return errors;
}

function validateFinalizers(finalizers: Json | undefined): FieldError[] {
  if (!Array.isArray(finalizers)) return [];
  return finalizers.flatMap((finalizer) =>
    typeof finalizer === "string"
      ? qualifiedNameErrors(finalizer).map((message) => invalid(`metadata.finalizers`, finalizer, message))
      : [],
  );
}

const standardFinalizers: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Kubernetes' own kinds take only the standard finalizers without a prefix. */
export function validateOwnFinalizers(metadata: JsonObject): FieldError[] {
  const finalizers = metadata["finalizers"];
  if (!Array.isArray(finalizers)) return [];
  return finalizers.flatMap((finalizer, index) =>
    typeof finalizer === "string" && !finalizer.includes("/") && !standardFinalizers.has(finalizer)
      ? [
          invalid(
            `metadata.finalizers[${index}]`,
            finalizer,
            "name is neither a standard finalizer name nor is it fully qualified",
          ),
        ]
      : [],
  );
}
