// Who may do what. The answer's reason is worded as kube-apiserver words a refusal.

import type { AccessQuestion, Identity } from "#cluster";

export type Verdict = { isAllowed: boolean; reason: string };

export interface Authorizer {
  decide(identity: Identity, question: AccessQuestion): Verdict;
  /** For paths that are no resource: /metrics, /version. */
  decidePath(identity: Identity, verb: string, path: string): Verdict;
}
