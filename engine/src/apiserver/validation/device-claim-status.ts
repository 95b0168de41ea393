// The status of a ResourceClaim: which devices it got, who may use it, and what drivers tell of the devices
// (pkg/apis/resource/validation, v1.36). What was allocated never changes, and is not looked at again.

import { type FieldError, invalid, labelErrors, notSupported, required } from "#api/crd";
import { encodeJson, equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { interfaceAddressErrors } from "./addresses.ts";
import { conditionErrors } from "./conditions.ts";
import { type Names, namedErrors, requestNameErrors, requestNames } from "./device-claims.ts";
import {
  configurationErrors,
  deviceBindingErrors,
  driverNameErrors,
  listErrors,
  poolNameErrors,
  rawErrors,
  textListErrors,
  tooLong,
} from "./device-parts.ts";
import { forbidden, invalidAll, itemsOf, part, requiredTexts, textOf, textsOf } from "./fields.ts";
import { checkNodeTerms } from "./pods/scheduling.ts";

/** As the real server has them. */
const most = { users: 256, results: 32, config: 64, conditions: 8, addresses: 16, interfaceName: 256, hardware: 128 };

type Item = { item: JsonObject; field: string };

export function deviceClaimStatusErrors(object: JsonObject, live: JsonObject): FieldError[] {
  const [status, before] = [part(object, "status"), part(live, "status")];
  const allocated = new Set(resultsOf(status).map((one) => encodeJson(deviceInGo(one))));
  return [
    ...listErrors(status["reservedFor"], "status.reservedFor", {
      limit: most.users,
      check: ({ item, field }) => requiredTexts(item, `${field}.`, ["resource", "name", "uid"]),
      key: (item) => textOf(item["uid"]),
    }),
    ...listErrors(status["devices"], "status.devices", {
      limit: -1,
      check: (one) => deviceErrors(one, allocated),
      key: deviceInGo,
    }),
    ...reservationErrors(status, before, part(object, "metadata")["deletionTimestamp"] !== undefined),
    ...allocationErrors(status["allocation"], before["allocation"], object),
  ];
}

/** The devices that a claim got. */
function resultsOf(status: JsonObject): JsonObject[] {
  return itemsOf(part(part(status, "allocation"), "devices")["results"], "").map(({ item }) => item);
}

/** What makes a device the same as another: the share of it, too, where it is shared. */
function deviceInGo(device: JsonObject): JsonObject {
  const [driver, pool, name, share] = ["driver", "pool", "device", "shareID"].map((key) => textOf(device[key]));
  return { Driver: driver as string, Pool: pool as string, Device: name as string, ShareID: share as string };
}

/** A status without what is told of devices that were given back. */
export function withoutReturnedDevices(status: JsonObject, before: JsonObject): JsonObject {
  const kept = new Set(resultsOf(status).map((one) => encodeJson(deviceInGo(one))));
  const returned = new Set(resultsOf(before).map((one) => encodeJson(deviceInGo(one))));
  const { devices, ...rest } = status;
  const left = itemsOf(devices, "").flatMap(({ item }) => {
    const key = encodeJson(deviceInGo(item));
    return returned.has(key) && !kept.has(key) ? [] : [item];
  });
  return left.length === 0 ? rest : { ...rest, devices: left };
}

/** Only what is allocated is used by somebody; nobody joins while the claim is on its way out. */
function reservationErrors(status: JsonObject, before: JsonObject, isGoing: boolean): FieldError[] {
  const users = itemsOf(status["reservedFor"], "").map(({ item }) => item);
  const field = "status.reservedFor";
  if (users.length === 0) return [];
  if (!isObject(status["allocation"])) return [forbidden(field, "may not be specified when `allocated` is not set")];
  const known = itemsOf(before["reservedFor"], "").map(({ item }) => item);
  if (!isGoing || users.every((user) => known.some((one) => equalJson(one, user)))) return [];
  return [
    forbidden(field, "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"),
  ];
}

function allocationErrors(allocation: Json | undefined, before: Json | undefined, claim: JsonObject): FieldError[] {
  const field = "status.allocation";
  if (!isObject(allocation)) return [];
  if (isObject(before))
    return equalJson(allocation, before) ? [] : [invalid(field, allocationInGo(allocation), "field is immutable")];
  const names = requestNames(part(part(claim, "spec"), "devices"));
  const devices = part(allocation, "devices");
  const ofNodes: FieldError[] = [];
  checkNodeTerms(ofNodes, allocation["nodeSelector"], `${field}.nodeSelector`, (found) => ofNodes.push(...found));
  return [
    ...listErrors(devices["results"], `${field}.devices.results`, {
      limit: most.results,
      check: (one) => resultErrors(one, names),
    }),
    ...listErrors(devices["config"], `${field}.devices.config`, {
      limit: most.config,
      check: (one) => [
        ...sourceErrors(textOf(one.item["source"]), `${one.field}.source`),
        ...namedErrors(one.item, one.field, names),
        ...configurationErrors(one),
      ],
    }),
    ...ofNodes,
  ];
}

function resultErrors({ item, field }: Item, names: Names): FieldError[] {
  return [
    ...requestNameErrors(textOf(item["request"]), `${field}.request`, names),
    ...driverNameErrors(item["driver"], `${field}.driver`),
    ...poolNameErrors(item["pool"], `${field}.pool`),
    ...invalidAll(`${field}.device`, textOf(item["device"]), labelErrors(textOf(item["device"]))),
    ...deviceBindingErrors(item, field),
    ...shareErrors(item["shareID"], `${field}.shareID`),
  ];
}

const sources = ["FromClaim", "FromClass"];

function sourceErrors(source: string, field: string): FieldError[] {
  if (source === "") return [required(field)];
  return sources.includes(source) ? [] : [notSupported(field, source, sources)];
}

/** Why a text is no UUID, in the words of Go's package; undefined: it is one, in some form. */
function uuidProblem(text: string): string | undefined {
  const plain = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
  const format = "invalid UUID format";
  switch (text.length) {
    case 36:
      return plain.test(text) ? undefined : format;
    case 45:
      if (!/^urn:uuid:/i.test(text)) return `invalid urn prefix: ${JSON.stringify(text.slice(0, 9))}`;
      return plain.test(text.slice(9)) ? undefined : format;
    case 38:
      if (!/^\{.*\}$/s.test(text)) return "invalid bracketed UUID format";
      return plain.test(text.slice(1, -1)) ? undefined : format;
    case 32:
      return /^[0-9a-fA-F]{32}$/.test(text) ? undefined : format;
    default:
      return `invalid UUID length: ${text.length}`;
  }
}

const uuidText =
  "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";

function shareErrors(share: Json | undefined, field: string): FieldError[] {
  if (typeof share !== "string") return [];
  const problem = uuidProblem(share);
  if (problem !== undefined) return [invalid(field, share, `error validating uid: ${problem}`)];
  return share.length === 36 && share === share.toLowerCase() ? [] : [invalid(field, share, uuidText)];
}

/** What a driver tells of a device that the claim got. */
function deviceErrors({ item, field }: Item, allocated: ReadonlySet<string>): FieldError[] {
  const { driver, pool, device, shareID, conditions, data, networkData } = item;
  const count = Array.isArray(conditions) ? conditions.length : 0;
  const identity = deviceInGo(item);
  return [
    ...driverNameErrors(driver, `${field}.driver`),
    ...poolNameErrors(pool, `${field}.pool`),
    ...invalidAll(`${field}.device`, textOf(device), labelErrors(textOf(device))),
    ...shareErrors(shareID, `${field}.shareID`),
    ...(allocated.has(encodeJson(identity))
      ? []
      : [invalid(field, identity, "must be an allocated device in the claim")]),
    ...(count > most.conditions
      ? [
          {
            type: "TooMany" as const,
            field: `${field}.conditions`,
            value: count,
            detail: `must have at most ${most.conditions} items`,
          },
        ]
      : []),
    ...conditionErrors(conditions, `${field}.conditions`),
    ...((data ?? null) === null ? [] : rawErrors(data, `${field}.data`)),
    ...(isObject(networkData) ? networkErrors(networkData, `${field}.networkData`) : []),
  ];
}

function networkErrors(data: JsonObject, field: string): FieldError[] {
  const bounded = (name: string, limit: number): FieldError[] =>
    new TextEncoder().encode(textOf(data[name])).length > limit ? [tooLong(`${field}.${name}`, limit)] : [];
  return [
    ...bounded("interfaceName", most.interfaceName),
    ...bounded("hardwareAddress", most.hardware),
    ...textListErrors(data["ips"], `${field}.ips`, { limit: most.addresses, check: interfaceAddressErrors }),
  ];
}

/** An allocation as Go holds it. */
function allocationInGo(allocation: JsonObject): JsonObject {
  const { nodeSelector, allocationTimestamp } = allocation;
  const { results, config } = part(allocation, "devices");
  const listInGo = (list: Json | undefined, one: (item: JsonObject) => JsonObject): Json =>
    Array.isArray(list) ? itemsOf(list, "").map(({ item }) => one(item)) : null;
  const demandInGo = ({ key = "", operator = "", values = null }: JsonObject): JsonObject => ({
    Key: key,
    Operator: operator,
    Values: values,
  });
  const termInGo = (term: JsonObject): JsonObject => ({
    MatchExpressions: listInGo(term["matchExpressions"], demandInGo),
    MatchFields: listInGo(term["matchFields"], demandInGo),
  });
  return {
    Devices: { Results: listInGo(results, resultInGo), Config: listInGo(config, configInGo) },
    NodeSelector: isObject(nodeSelector)
      ? { NodeSelectorTerms: listInGo(nodeSelector["nodeSelectorTerms"], termInGo) }
      : null,
    AllocationTimestamp: allocationTimestamp ?? null,
  };
}

function resultInGo(result: JsonObject): JsonObject {
  const tolerations = result["tolerations"];
  return {
    Request: textOf(result["request"]),
    Driver: textOf(result["driver"]),
    Pool: textOf(result["pool"]),
    Device: textOf(result["device"]),
    AdminAccess: result["adminAccess"] ?? null,
    Tolerations: Array.isArray(tolerations)
      ? itemsOf(tolerations, "").map(({ item }) => ({
          Key: textOf(item["key"]),
          Operator: textOf(item["operator"]),
          Value: textOf(item["value"]),
          Effect: textOf(item["effect"]),
          TolerationSeconds: item["tolerationSeconds"] ?? null,
        }))
      : null,
    BindingConditions: result["bindingConditions"] ?? null,
    BindingFailureConditions: result["bindingFailureConditions"] ?? null,
    ShareID: result["shareID"] ?? null,
    ConsumedCapacity: result["consumedCapacity"] ?? null,
  };
}

function configInGo(config: JsonObject): JsonObject {
  const opaque = config["opaque"];
  return {
    Source: textOf(config["source"]),
    Requests: Array.isArray(config["requests"]) ? textsOf(config["requests"]) : null,
    Opaque: isObject(opaque) ? { Driver: textOf(opaque["driver"]), Parameters: opaque["parameters"] ?? null } : null,
  };
}
