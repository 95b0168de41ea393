// The one HTTP client of all sources: trust, proxies, redirects, repetition, bounds.

export { type HttpAccess, proxySettings, type ProxySettings } from "./access.ts";
export {
  bytesOf,
  type HttpAnswer,
  HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  refusal,
  textBytesOf,
} from "./client.ts";
export { faultOfStatus, httpFault, type HttpFaultCode, withoutSecrets } from "./faults.ts";
