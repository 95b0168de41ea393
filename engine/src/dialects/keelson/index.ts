// Keelson's own dialect: the journal of deliveries as DeliveryLog objects.

export { deliveryLogs, type DeliveryLogsOptions, logNameOf } from "./delivery-logs.ts";
