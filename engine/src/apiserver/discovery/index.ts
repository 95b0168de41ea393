// What the server tells of itself: discovery and OpenAPI.

export { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions, rootPaths } from "./documents.ts";
export { OpenApi } from "./open-api.ts";
export { openApiV2Protobuf } from "./open-api-protobuf.ts";
