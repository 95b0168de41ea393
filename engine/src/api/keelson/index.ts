// Keelson's own kinds, group keelson.dev: what the kinds of others have no room for.

import type { Manifest } from "#kernel";
import { deliveryLogDefinition } from "./delivery-log.ts";

export { type DeliveryLog, deliveryLogKind, type LogEntry, type LogList, logLists } from "./delivery-log.ts";

/** The CustomResourceDefinitions of all own kinds. */
export function keelsonDefinitions(): Manifest[] {
  return [deliveryLogDefinition()];
}
