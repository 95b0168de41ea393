// Whom keyless signatures are trusted of: the root in an object's Secret, or the public Sigstore's, which is kept current by
// TUF. A failed attempt is not repeated at once for every object.

import { join } from "node:path";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import type { Clock } from "#kernel";
import { ociFault } from "./faults.ts";
import { trustRootAnswerMs, trustRootMs, trustRootRetryMs, trustRootTotalMs } from "./limits.ts";

/** Reads `trusted_root.json`; throws Fault `oci-trust-invalid`. */
export function parseTrustRoot(text: string, at: string): TrustedRoot {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    if (root.certificateAuthorities.length > 0 && root.tlogs.length > 0) return root;
  } catch {
    // Told below.
  }
  throw ociFault({
    code: "oci-trust-invalid",
    disposition: "retry",
    at,
    message: "trusted_root.json names no certificate authority and transparency log",
    hint: "make it with `cosign trusted-root create`",
  });
}

export class PublicTrustRoot {
  readonly #folder: string;
  readonly #clock: Clock;
  #known: Promise<TrustedRoot> | undefined;
  #untilMs = 0;

  /** `folder` keeps TUF's metadata between starts. */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  get(): Promise<TrustedRoot> {
    const now = this.#clock.now();
    if (this.#known !== undefined && now < this.#untilMs) return this.#known;
    this.#untilMs = now + trustRootMs;
    this.#known = this.#fetch().catch((cause: unknown) => {
      this.#untilMs = this.#clock.now() + trustRootRetryMs;
      throw ociFault({
        code: "oci-trust-invalid",
        disposition: "retry",
        message: "the trust root of the public Sigstore cannot be fetched",
        hint: "name your own in `verify.trustedRootSecretRef` where the public one cannot be reached",
        cause,
      });
    });
    return this.#known;
  }

  async #fetch(): Promise<TrustedRoot> {
    // A client of its own protocol, which few need: loaded with the first.
    const { getTrustedRoot } = await import("@sigstore/tuf");
    const cachePath = join(this.#folder, "tuf");
    const fetched = getTrustedRoot({ cachePath, timeout: trustRootAnswerMs, retry: 0 });
    fetched.catch(() => {});
    // Its own client has no limit for the whole: where packets are dropped it would hold a pass for minutes.
    return Promise.race([fetched, this.#tooLong()]);
  }

  #tooLong(): Promise<never> {
    return new Promise((_, reject) => {
      this.#clock.after(trustRootTotalMs, () =>
        reject(new Error(`it did not come within ${trustRootTotalMs / 1000} s`)),
      );
    });
  }
}
