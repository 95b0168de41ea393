// AppArmor's profiles of pods: an older annotation names what has a field now, and is carried over into it.

import type { JsonObject } from "#kernel";

export const appArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";
const localPrefix = "localhost/";

/** The profile that an annotation names; undefined: none that can be told. */
export function appArmorProfileOf(text: string): JsonObject | undefined {
  if (text === "unconfined") return { type: "Unconfined" };
  if (text === "runtime/default") return { type: "RuntimeDefault" };
  const local = text.startsWith(localPrefix) ? text.slice(localPrefix.length) : "";
  return local === "" ? undefined : { type: "Localhost", localhostProfile: local };
}
