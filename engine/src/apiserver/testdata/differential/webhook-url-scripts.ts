// Where webhooks are, for admission and for conversions: URLs in all the forms that Go takes or does not.

import { post, type Script } from "./steps.ts";

const hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?dryRun=All";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All";

const urls = [
  ...["https://a.example.com/x", "https://a.example.com", "http://a.example.com", "a.example.com", "https:a", "https:///x", "", " https://a", ":a", "a:b", "//a/b", "///a", "*"],
  ...["https://u:p@a", "https://u@a/x?q#f", "https://a?", "https://a?b", "https://a#", "https://a#b%zz", "https://a#b%20c", "https://@a", "https://u%zz@a", "https://u|@a", "https://u:%41@a"],
  ...["https://a:80", "https://a:", "https://a:b", "https://a:1:2", "x://a:1:2", "https://[::1]:80", "https://[::1", "https://a[::1]", "https://[1.2.3.4]", "https://[::g]", "https://[fe80::1%25en0]"],
  ...["https://[1:2:3:4:5:6:7:8:9]", "https://[12345::]", "https://[::1.2.3.256]", "https://[]", "https://[::]x", "https://a b", "https://a%20b", "https://a%zz", "https://a%C3%A9", "https://é/é"],
  ...["https://a/%zz", "https://a/%2", "https://a\tb", "https://a#\t", "https://a^b", "https://a<b>\"", "https://a\\b", "HTTPS://A", "1https://a", "h-t+t.p://a"],
];

function hook(url: string): unknown {
  const webhook = { name: "a.example.com", clientConfig: { url }, admissionReviewVersions: ["v1"], sideEffects: "None" };
  return { metadata: { name: "urls" }, webhooks: [webhook] };
}

function definition(url: string): unknown {
  const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }];
  const conversion = { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig: { url } } };
  const names = { plural: "urls", kind: "Url" };
  return { metadata: { name: "urls.urls.example.com" }, spec: { group: "urls.example.com", scope: "Cluster", names, versions, conversion } };
}

export const webhookUrlScripts: readonly Script[] = [
  { name: "webhook urls: of admission", steps: urls.map((url) => post(hooks, hook(url))) },
  { name: "webhook urls: of conversions", steps: urls.map((url) => post(definitions, definition(url))) },
];
