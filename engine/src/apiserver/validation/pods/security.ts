// Security contexts of pods and containers: who they run as, what they may do, which profiles bind them.

import { forbidden, invalid, notSupported, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { textOf } from "../fields.ts";
import {
  eachOf,
  type Errors,
  isEmptyList,
  isThere,
  oneOfWords,
  type PodCheck,
  relativePath,
  requireText,
  tellHabit,
  withinBounds,
} from "./checks.ts";
import { checkWindowsOptions } from "./windows.ts";

const ids = { least: 0, most: 2 ** 31 - 1 };
const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];

/** A seccomp profile as Go holds it. */
function seccompInGo(profile: JsonObject): Json {
  return { Type: profile["type"] ?? "", LocalhostProfile: profile["localhostProfile"] ?? null };
}

function checkSeccomp(errors: Errors, profile: Json | undefined, field: string): void {
  if (!isObject(profile)) return;
  const type = textOf(profile["type"]);
  const [local, place] = [profile["localhostProfile"], `${field}.localhostProfile`];
  if (requireText(errors, type, `${field}.type`, "type is required when seccompProfile is set"))
    oneOfWords(errors, type, `${field}.type`, profileTypes);
  if (type !== "Localhost") {
    if (isThere(local))
      errors.push(invalid(place, seccompInGo(profile), "can only be set when seccomp type is Localhost"));
  } else if (isThere(local)) relativePath(errors, textOf(local), place);
  else errors.push(required(place, "must be set when seccomp type is Localhost"));
}

const localProfileMost = 4095;

export function checkAppArmor(errors: Errors, profile: Json | undefined, field: string): void {
  if (!isObject(profile)) return;
  const type = textOf(profile["type"]);
  const [local, place] = [profile["localhostProfile"], `${field}.localhostProfile`];
  if (!requireText(errors, type, `${field}.type`, "type is required when appArmorProfile is set")) return;
  if (!profileTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, profileTypes));
  else if (type !== "Localhost") {
    if (isThere(local)) errors.push(invalid(place, local, "can only be set when AppArmor type is Localhost"));
  } else checkLocalProfile(errors, local, place);
}

function checkLocalProfile(errors: Errors, local: Json | undefined, field: string): void {
  const text = textOf(local);
  if (text !== text.trim()) errors.push(invalid(field, text, "must not be padded with whitespace"));
  else if (text === "") errors.push(required(field, "must be set when AppArmor type is Localhost"));
  if (text.length > localProfileMost)
    errors.push({ type: "TooLong", field, detail: `may not be more than ${localProfileMost} bytes` });
}

const procMounts = ["Default", "Unmasked"];

/** A container's context. `isOnHost`: its users are the host's. */
export function checkSecurity(errors: Errors, context: Json | undefined, field: string, isOnHost: boolean): void {
  if (!isObject(context)) return;
  withinBounds(errors, context["runAsUser"], `${field}.runAsUser`, ids);
  withinBounds(errors, context["runAsGroup"], `${field}.runAsGroup`, ids);
  const mount = context["procMount"];
  oneOfWords(errors, mount, `${field}.procMount`, procMounts);
  if (isOnHost && mount === "Unmasked")
    errors.push(invalid(`${field}.procMount`, mount, "`hostUsers` must be false to use `Unmasked`"));
  checkSeccomp(errors, context["seccompProfile"], `${field}.seccompProfile`);
  if (context["allowPrivilegeEscalation"] === false) checkEscalation(errors, context, field);
  checkWindowsOptions(errors, context["windowsOptions"], `${field}.windowsOptions`);
  checkAppArmor(errors, context["appArmorProfile"], `${field}.appArmorProfile`);
}

function checkEscalation(errors: Errors, context: JsonObject, field: string): void {
  const shown = contextInGo(context);
  const lead = "cannot set `allowPrivilegeEscalation` to false and";
  if (context["privileged"] === true) errors.push(invalid(field, shown, `${lead} \`privileged\` to true`));
  const { capabilities } = context;
  const added = isObject(capabilities) && Array.isArray(capabilities["add"]) ? capabilities["add"] : [];
  for (const one of added)
    if (one === "CAP_SYS_ADMIN") errors.push(invalid(field, shown, `${lead} \`capabilities.Add\` CAP_SYS_ADMIN`));
}

/** Members as Go names them, each null where it is not set. */
function inGo(object: Json | undefined, names: readonly (readonly [string, string])[], unset: Json = null): Json {
  if (!isObject(object)) return null;
  return Object.fromEntries(names.map(([own, there]) => [there, object[own] ?? unset]));
}

function contextInGo(context: JsonObject): Json {
  const plain = (name: string): Json => context[name] ?? null;
  return {
    Capabilities: inGo(context["capabilities"], [
      ["add", "Add"],
      ["drop", "Drop"],
    ]),
    Privileged: plain("privileged"),
    SELinuxOptions: inGo(
      context["seLinuxOptions"],
      [
        ["user", "User"],
        ["role", "Role"],
        ["type", "Type"],
        ["level", "Level"],
      ],
      "",
    ),
    WindowsOptions: inGo(context["windowsOptions"], [
      ["gmsaCredentialSpecName", "GMSACredentialSpecName"],
      ["gmsaCredentialSpec", "GMSACredentialSpec"],
      ["runAsUserName", "RunAsUserName"],
      ["hostProcess", "HostProcess"],
    ]),
    RunAsUser: plain("runAsUser"),
    RunAsGroup: plain("runAsGroup"),
    RunAsNonRoot: plain("runAsNonRoot"),
    ReadOnlyRootFilesystem: plain("readOnlyRootFilesystem"),
    AllowPrivilegeEscalation: plain("allowPrivilegeEscalation"),
    ProcMount: plain("procMount"),
    SeccompProfile: isObject(context["seccompProfile"]) ? seccompInGo(context["seccompProfile"]) : null,
    AppArmorProfile: isObject(context["appArmorProfile"]) ? seccompInGo(context["appArmorProfile"]) : null,
  };
}

const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const settingText = `^(${segment}[\\./])*${segment}$`;
const settingForm = new RegExp(settingText);
const settingLengthMost = 253;

/** Settings of the kernel that belong to the namespace of messages, beside those below `fs.mqueue`. */
const ofMessages: ReadonlySet<string> = new Set(
  "sem shm shmall shmmax shmmni shm_rmid_forced msg msgmax msgmnb msgmni".split(" ").map((name) => `kernel.${name}`),
);

/** Names may be parted by slashes; then dots stand within a part. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === "/" ? name.replace(/[./]/g, (sign) => (sign === "." ? "/" : ".")) : name;
}

function hostText(name: string, spec: JsonObject): string | undefined {
  const plain = dotted(name).split("*")[0] ?? "";
  if (spec["hostNetwork"] === true && plain.startsWith("net."))
    return "may not be specified when 'hostNetwork' is true";
  const isMessage = ofMessages.has(plain) || plain.startsWith("fs.mqueue.");
  return spec["hostIPC"] === true && isMessage ? "may not be specified when 'hostIPC' is true" : undefined;
}

function checkSettings(check: PodCheck, settings: Json | undefined, field: string): void {
  const seen = new Set<string>();
  eachOf(settings, field, (setting, at) => {
    const name = textOf(setting["name"]);
    const place = `${at}.name`;
    if (name === "") check.errors.push(required(place));
    else if (name.length > settingLengthMost || !settingForm.test(name)) {
      const detail = `must have at most ${settingLengthMost} characters and match regex ${settingText}`;
      check.errors.push(invalid(place, name, detail));
    } else if (seen.has(name)) check.errors.push({ type: "Duplicate", field: place, value: name, detail: "" });
    const text = hostText(name, check.spec);
    if (text !== undefined) tellHabit(check, "sysctls", invalid(place, name, text));
    seen.add(name);
  });
}

const ownershipPolicies = ["Always", "OnRootMismatch"];
const groupPolicies = ["Merge", "Strict"];

/** The pod's context. */
export function checkPodSecurity(check: PodCheck): void {
  const { errors, spec } = check;
  const context = spec["securityContext"];
  if (!isObject(context)) return;
  const field = `${check.field}.securityContext`;
  for (const name of ["fsGroup", "runAsUser", "runAsGroup"])
    if (context[name] !== undefined) withinBounds(errors, context[name], `${field}.${name}`, ids);
  const groups = context["supplementalGroups"];
  if (Array.isArray(groups))
    for (const [index, group] of groups.entries())
      withinBounds(errors, group, `${field}.supplementalGroups[${index}]`, ids);
  if (spec["shareProcessNamespace"] === true && spec["hostPID"] === true) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalid(`${field}.shareProcessNamespace`, true, detail));
  }
  if (!isEmptyList(context["sysctls"])) checkSettings(check, context["sysctls"], `${field}.sysctls`);
  oneOfWords(errors, context["fsGroupChangePolicy"], `${field}.fsGroupChangePolicy`, ownershipPolicies);
  checkSeccomp(errors, context["seccompProfile"], `${field}.seccompProfile`);
  checkWindowsOptions(errors, context["windowsOptions"], `${field}.windowsOptions`);
  checkAppArmor(errors, context["appArmorProfile"], `${field}.appArmorProfile`);
  oneOfWords(errors, context["supplementalGroupsPolicy"], `${field}.supplementalGroupsPolicy`, groupPolicies);
  const policy = context["seLinuxChangePolicy"];
  // With mounts labelled as a whole, which is a feature that is off, there would be another.
  if (isThere(policy) && policy !== "Recursive")
    tellHabit(check, "label policy", notSupported(`${field}.seLinuxChangePolicy`, policy as Json, ["Recursive"]));
}

/** Users of its own go with no other namespace of the host. */
export function checkOwnUsers(check: PodCheck): void {
  const { errors, spec, field } = check;
  const detail = "when `hostUsers` is false";
  if (spec["hostNetwork"] === true) errors.push(forbidden(`${field}.hostNetwork`, detail));
  if (spec["hostPID"] === true) errors.push(forbidden(`${field}.HostPID`, detail));
  if (spec["hostIPC"] === true) errors.push(forbidden(`${field}.HostIPC`, detail));
}
