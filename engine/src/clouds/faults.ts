// What can fail between an identity and what a cloud gives for it. No message carries a secret or a token.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of this folder's faults. */
export type CloudFaultCode = "cloud-identity-invalid" | "cloud-identity-refused" | "cloud-unreachable";

export class CloudFault extends Fault<CloudFaultCode> {
  constructor(options: FaultOptions<CloudFaultCode>) {
    super(options);
  }
}

/** What is written wrongly, and where. */
export function invalid(at: string, message: string, hint: string, cause?: unknown): CloudFault {
  return new CloudFault({ code: "cloud-identity-invalid", disposition: "retry", at, message, hint, cause });
}

/** A cloud's own refusal; what may pass is tried again soon. */
export function refused(service: string, status: number, reason: string): CloudFault {
  const mayPass = status === 429 || status >= 500;
  return new CloudFault({
    code: mayPass ? "cloud-unreachable" : "cloud-identity-refused",
    disposition: "retry",
    message: `${service} answered ${status}${reason === "" ? "" : `: ${reason}`}`,
    hint: mayPass ? "it is tried again" : "check the identity's configuration and its rights",
  });
}
