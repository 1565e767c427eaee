import { DESCRIPTOR_SET_BASE64 } from "./gen/descriptor-set.ts";

/** The serialised `google.protobuf.FileDescriptorSet` of all contracts, without comments; what gRPC reflection serves. */
export function descriptorSet(): Buffer {
  return Buffer.from(DESCRIPTOR_SET_BASE64, "base64");
}
