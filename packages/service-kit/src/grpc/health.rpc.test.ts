import { Client, credentials } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";
import { describe, expect, it } from "vitest";
import { startEditor } from "../../tests/editor-server.ts";

const EDITOR = "moodifier.diffusion.v1.Editor";

/** Reads the first answers of a method of another party's service, whose definition is loaded at run time. */
// oxlint-disable-next-line typescript/no-explicit-any
type AnyMethod = any;

function check(client: Client, service: string): Promise<{ status: string }> {
  const method: AnyMethod = healthService["Check"];
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { service },
      (error, answer) => (error ? reject(error) : resolve(answer as { status: string })),
    );
  });
}

describe("health", () => {
  it("follows setServing, for the server and for a service", async () => {
    const { server, client: editor, close } = await startEditor({});
    server.setServing(false);
    await expect(editor.ready(5000)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "SERVICE_NOT_READY" });
    const client = new Client(server.address, credentials.createInsecure());
    expect(await check(client, "")).toMatchObject({ status: "NOT_SERVING" });
    // A liveness probe must not restart a service that only isn't ready.
    expect(await check(client, "live")).toMatchObject({ status: "SERVING" });
    server.setServing(true);
    expect(await check(client, "")).toMatchObject({ status: "SERVING" });
    expect(await check(client, EDITOR)).toMatchObject({ status: "SERVING" });
    await editor.ready(5000);
    server.setServing(false, EDITOR);
    expect(await check(client, EDITOR)).toMatchObject({ status: "NOT_SERVING" });
    expect(await check(client, "")).toMatchObject({ status: "SERVING" });
    client.close();
    await close();
  });

  it("tells a watcher NOT_SERVING on stop, and the watch doesn't hold the stop up", async () => {
    const { server, client: editor } = await startEditor({}, { drainMs: 20_000 });
    const client = new Client(server.address, credentials.createInsecure());
    const method: AnyMethod = healthService["Watch"];
    const seen: unknown[] = [];
    const watch = client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, {
      service: "",
    });
    const first = Promise.withResolvers<void>();
    watch.on("data", (answer: { status: string }) => {
      seen.push(answer.status);
      first.resolve();
    });
    watch.on("error", () => undefined);
    await first.promise;
    const startedAt = performance.now();
    await server.stop();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
    client.close();
    editor.close();
  });
});

describe("reflection", () => {
  it("lists the services and describes their files; off unless configured", async () => {
    const config = { host: "127.0.0.1", port: 0, metricsPort: 0, reflection: true, drainMs: 1000 };
    const { server, close } = await startEditor({}, { config });
    // The package keeps its service definition to itself; adding it to a recorder reveals it.
    const definitions: AnyMethod[] = [];
    const types: AnyMethod = {};
    new ReflectionService(types).addToServer({
      addService: (definition: unknown) => void definitions.push(definition),
    });
    const method = definitions[0].ServerReflectionInfo;
    const client = new Client(server.address, credentials.createInsecure());
    const ask = (request: object) =>
      new Promise<AnyMethod>((resolve, reject) => {
        const stream = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
        stream.on("error", reject);
        stream.on("data", (answer) => {
          resolve(answer);
          stream.end();
        });
        stream.write(request);
      });
    const listed = await ask({ listServices: "*" });
    expect(listed.listServicesResponse.service.map((entry: { name: string }) => entry.name).toSorted()).toEqual([
      "grpc.health.v1.Health",
      EDITOR,
    ]);
    const file = await ask({ fileContainingSymbol: `${EDITOR}.Edit` });
    expect(file.fileDescriptorResponse.fileDescriptorProto.length).toBeGreaterThanOrEqual(3);
    client.close();
    await close();
  });
});
