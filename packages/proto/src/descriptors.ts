import { FILE_DESCRIPTORS } from "./gen/descriptors.ts";

/** The serialised `google.protobuf.FileDescriptorProto` of each contract, without comments, imports first; what gRPC reflection serves. */
export function fileDescriptors(): Buffer[] {
  return Object.values(FILE_DESCRIPTORS).map((base64) => Buffer.from(base64, "base64"));
}
