// How an image is pulled by what its name says (pkg/util/parsers over distribution's references, v0.6).

const identifier = /^[a-f0-9]{64}$/;
const host =
  "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])";
const hostForm = new RegExp(`^${host}(?::[0-9]+)?$`);
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const nameForm = new RegExp(
  `^(${component}(?:/${component})*)(?::([a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}))?$`,
);
const pathLengthMost = 255;
const library = "library/";

/** The first part of a name is a host where it cannot be a folder. */
function isHost(text: string): boolean {
  return text === "localhost" || /[.:]/.test(text) || text !== text.toLowerCase();
}

/** True when the name is one, and says nothing but `latest`, or nothing, of what it wants. */
function isLatest(text: string): boolean {
  const slash = text.indexOf("/");
  const first = slash < 0 ? "" : text.slice(0, slash);
  const hasHost = slash >= 0 && isHost(first);
  if ((hasHost && !hostForm.test(first)) || identifier.test(text)) return false;
  const [, path = "", tag, digest] = nameForm.exec(hasHost ? text.slice(slash + 1) : text) ?? [];
  const isOfficial = !path.includes("/") && (!hasHost || first === "docker.io" || first === "index.docker.io");
  if (path === "" || path.length + (isOfficial ? library.length : 0) > pathLengthMost) return false;
  return tag === "latest" || (tag === undefined && digest === undefined);
}

/** `latest`, or no tag and no digest, is pulled always; what is no name of an image is not. */
export function pullPolicyOf(image: string): "Always" | "IfNotPresent" {
  // Most names end in a tag of their own: nothing else is looked at.
  const name = image.slice(image.lastIndexOf("/") + 1);
  const colon = name.indexOf(":");
  const isPlain = colon >= 0 && !name.includes("@") && name.slice(colon + 1) !== "latest";
  return !isPlain && isLatest(image) ? "Always" : "IfNotPresent";
}
