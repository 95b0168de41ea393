// What signing in can fail with.

import { Fault } from "#kernel";

export type SignInCode = "issuer-unreachable" | "issuer-invalid" | "sign-in-refused";

export class SignInFault extends Fault<SignInCode> {}
