// How the versions of a definition are converted (apiextensions-apiserver pkg/apis/apiextensions/validation, v1.36).

import { dns1035Errors, type FieldError, invalid, notSupported, required } from "#api/crd";
import { webhookClientErrors } from "#apiserver/validation";
import { fieldOf, isObject, type Json, type JsonObject, textOf } from "#kernel";

const strategies = ["None", "Webhook"];

/** What is wrong with the conversion that a definition states. */
export function conversionErrors(definition: JsonObject): FieldError[] {
  const conversion = fieldOf(definition, "spec", "conversion");
  if (!isObject(conversion)) return [];
  const field = "spec.conversion";
  const strategy = textOf(conversion, "strategy");
  const webhook = isObject(conversion["webhook"]) ? conversion["webhook"] : undefined;
  const client = webhook?.["clientConfig"];
  const reviews = webhook?.["conversionReviewVersions"];
  const versions = Array.isArray(reviews) ? reviews.map((one) => (typeof one === "string" ? one : "")) : [];
  const named =
    strategy === ""
      ? [required(`${field}.strategy`)]
      : strategies.includes(strategy)
        ? []
        : [notSupported(`${field}.strategy`, strategy, strategies)];
  if (strategy === "Webhook")
    return [
      ...named,
      ...clientErrors(client, `${field}.webhookClientConfig`),
      ...reviewErrors(versions, `${field}.conversionReviewVersions`),
    ];
  const forbidden = (name: string): FieldError => ({
    type: "Forbidden",
    field: `${field}.${name}`,
    detail: "should not be set when strategy is not set to Webhook",
  });
  return [
    ...named,
    ...(client === undefined ? [] : [forbidden("webhookClientConfig")]),
    ...(versions.length === 0 ? [] : [forbidden("conversionReviewVersions")]),
  ];
}

function clientErrors(client: Json | undefined, field: string): FieldError[] {
  if (!isObject(client)) return [required(field, "required when strategy is set to Webhook")];
  return webhookClientErrors(client, field);
}

const reviewVersions = ["v1", "v1beta1"];

function reviewErrors(versions: readonly string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field)];
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalid(`${field}[${index}]`, version, "duplicate version")]
      : dns1035Errors(version).map((message) => invalid(`${field}[${index}]`, version, message)),
  );
  if (versions.some((version) => reviewVersions.includes(version))) return errors;
  return [...errors, invalid(field, [...versions], `must include at least one of ${reviewVersions.join(", ")}`)];
}
