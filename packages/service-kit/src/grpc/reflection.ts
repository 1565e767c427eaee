import type { Server } from "@grpc/grpc-js";
import { fileDescriptors } from "@moodifier/proto";
import { service as healthService } from "grpc-health-check";

const HEALTH = "grpc.health.v1.Health";

/** Adds gRPC server reflection (v1 and v1alpha) for `services` and the health service, so that tools like grpcurl need no proto files. */
export async function addReflection(server: Server, services: readonly string[]): Promise<void> {
  const { ReflectionService } = await import("@grpc/reflection");
  const health = Object.values(healthService).flatMap((method) => method.requestType.fileDescriptorProtos);
  const types = { format: "", type: {}, fileDescriptorProtos: [...fileDescriptors(), ...health] };
  new ReflectionService({ all: types } as unknown as ConstructorParameters<typeof ReflectionService>[0], {
    services: [...services, HEALTH],
  }).addToServer(server);
}
