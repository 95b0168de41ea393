// The class of a pod by what its containers ask for (pkg/apis/core/helper/qos, v1.36).

import { encodeJson, isObject, type JsonObject } from "#kernel";

/** Guaranteed when every container limits and requests the same cpu and memory, BestEffort when none asks for anything. */
export function qualityOf(spec: JsonObject): string {
  const containers = [spec.containers, spec.initContainers].flatMap((list) => (Array.isArray(list) ? list : []));
  const resources = containers.map((one) => (isObject(one) && isObject(one.resources) ? one.resources : {}));
  const asked = resources.map(({ limits, requests }) => {
    const most = isObject(limits) ? limits : {};
    return { limits: most, requests: { ...most, ...(isObject(requests) ? requests : {}) } };
  });
  const isGuaranteed = asked.every(({ limits, requests }) =>
    ["cpu", "memory"].every(
      (name) => limits[name] !== undefined && encodeJson(limits[name]) === encodeJson(requests[name]),
    ),
  );
  if (asked.length > 0 && isGuaranteed) return "Guaranteed";
  const isNothing = asked.every(({ requests }) => requests.cpu === undefined && requests.memory === undefined);
  return isNothing ? "BestEffort" : "Burstable";
}
