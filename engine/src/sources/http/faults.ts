// What can fail between a request and its answer.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of HTTP's faults. */
export type HttpFaultCode =
  | "http-url-invalid"
  | "http-access-invalid"
  | "http-unreachable"
  | "http-certificate-rejected"
  | "http-proxy-failed"
  | "http-timeout"
  | "http-too-large"
  | "http-cut-off"
  | "http-redirected-too-often"
  | "http-authentication-failed"
  | "http-absent"
  | "http-refused";

export function httpFault(options: FaultOptions<HttpFaultCode>): Fault<HttpFaultCode> {
  return new Fault<HttpFaultCode>(options);
}

const certificateCodes =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH)/;

/** The fault that a failed connection stands for. */
export function faultOfConnection(cause: unknown, at: string): Fault<HttpFaultCode> {
  if (cause instanceof Fault) return cause as Fault<HttpFaultCode>;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === "string" && certificateCodes.test(code))
    return httpFault({
      code: "http-certificate-rejected",
      disposition: "retry",
      at,
      message: "the server's certificate is not trusted",
      hint: "put the authority's certificate into `ca.crt` of the Secret that `certSecretRef` names",
      cause,
    });
  const isCut = code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE" || code === "HPE_INVALID_EOF_STATE";
  return httpFault({
    code: isCut ? "http-cut-off" : "http-unreachable",
    disposition: "retry",
    at,
    message: isCut ? "the server ended the connection" : "the server cannot be reached",
    hint: isCut ? "it is tried again" : "check the URL, the network and the proxy",
    cause,
  });
}

/** The fault of an answer whose status is no success. `text` is the beginning of its body. */
export function faultOfStatus(answer: { status: number; url: string }, text = ""): Fault<HttpFaultCode> {
  const at = withoutSecrets(answer.url);
  const said = text.replace(/\s+/g, " ").trim().slice(0, 200);
  const message = `the server answered ${answer.status}${said === "" ? "" : ` (${said})`}`;
  if (answer.status === 401 || answer.status === 403 || answer.status === 407)
    return httpFault({
      code: "http-authentication-failed",
      disposition: "retry",
      at,
      message,
      hint: "check the Secret that `secretRef` names, and what it may read",
    });
  if (answer.status === 404 || answer.status === 410)
    return httpFault({ code: "http-absent", disposition: "retry", at, message, hint: "check the URL" });
  return httpFault({ code: "http-refused", disposition: "retry", at, message });
}

/** A URL for people: without user, password and query, which may hold a signature. */
export function withoutSecrets(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
  } catch {
    return url.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/s, "");
  }
}
