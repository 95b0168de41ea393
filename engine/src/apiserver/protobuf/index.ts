// Kubernetes' protobuf bodies, read.

export { decodeProtobuf } from "./decode.ts";
export { WireError } from "./wire.ts";
