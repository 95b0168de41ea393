// Names, labels and qualified keys, with the texts of apimachinery's util/validation.

import { labelValueLengthMax, nameLengthMax } from "./limits.ts";

const labelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const label1035Format = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValueFormat = `(${qualifiedFormat})?`;

const labelPattern = new RegExp(`^${labelFormat}$`);
const subdomainPattern = new RegExp(`^${subdomainFormat}$`);
const label1035Pattern = new RegExp(`^${label1035Format}$`);
const qualifiedPattern = new RegExp(`^${qualifiedFormat}$`);
const labelValuePattern = new RegExp(`^${labelValueFormat}$`);

function tooLong(max: number): string {
  return `must be no more than ${max} bytes`;
}

function mustMatch(text: string, format: string, ...examples: string[]): string {
  const quoted = examples.map((example) => `'${example}'`).join(" or ");
  return `${text} (e.g. ${quoted.replaceAll("' or '", "',  or '")}, regex used for validation is '${format}')`;
}

const subdomainText = mustMatch(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomainFormat,
  "example.com",
);
const labelText = mustMatch(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  labelFormat,
  "my-name",
  "123-abc",
);
const label1035Text = mustMatch(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035Format,
  "my-name",
  "abc-123",
);
const qualifiedText = mustMatch(
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedFormat,
  "MyName",
  "my.name",
  "123-abc",
);
const labelValueText = mustMatch(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValueFormat,
  "MyValue",
  "my_value",
  "12345",
);

/** What is wrong with a name, in the server's words; empty when nothing is. */
export function subdomainProblems(name: string): string[] {
  return problems(name, nameLengthMax, subdomainPattern, subdomainText);
}

export function labelProblems(name: string): string[] {
  return problems(name, labelValueLengthMax, labelPattern, labelText);
}

export function label1035Problems(name: string): string[] {
  return problems(name, labelValueLengthMax, label1035Pattern, label1035Text);
}

export function labelValueProblems(value: string): string[] {
  return problems(value, labelValueLengthMax, labelValuePattern, labelValueText);
}

/** Names of RBAC objects: anything that can stand in a path. */
export function pathProblems(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((bad) => name.includes(bad)).map((bad) => `may not contain '${bad}'`);
}

/** Label and annotation keys, finalizers: `name` or `prefix.example.com/name`. */
export function qualifiedNameProblems(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedFormat}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const found: string[] = [];
  const name = parts.at(-1) as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (prefix === "") found.push("prefix part must be non-empty");
    else found.push(...subdomainProblems(prefix).map((text) => `prefix part ${text}`));
  }
  if (name === "") found.push("name part must be non-empty");
  else if (name.length > labelValueLengthMax) found.push(`name part ${tooLong(labelValueLengthMax)}`);
  if (!qualifiedPattern.test(name)) found.push(qualifiedText);
  return found;
}

function problems(value: string, max: number, pattern: RegExp, text: string): string[] {
  const found: string[] = [];
  if (value.length > max) found.push(tooLong(max));
  if (!pattern.test(value)) found.push(text);
  return found;
}
