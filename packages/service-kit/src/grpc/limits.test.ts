import {
  type ChannelOptions,
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { CLIENT_OPTIONS, SERVER_OPTIONS } from "./limits.ts";

/** A hundredth of every time, so that a connection has had its minute in 0.6 s. */
const hasten = (options: ChannelOptions): ChannelOptions =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, name.endsWith("_ms") ? Number(value) / 100 : value]),
  );

const bytes = (data: Buffer): Buffer => data;
const service = {
  stream: {
    path: "/test.Test/Stream",
    requestStream: false,
    responseStream: true,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
} as const;

const server = new Server(hasten(SERVER_OPTIONS));
afterEach(() => server.forceShutdown());

it("lets calls end on a connection that has had its time", async () => {
  server.addService(service, {
    stream: (call: ServerWritableStream<Buffer, Buffer>) => {
      const timer = setInterval(() => call.write(Buffer.of(1)), 20);
      setTimeout(() => {
        clearInterval(timer);
        call.end();
      }, 3000);
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const Client = makeGenericClientConstructor(service, "Test");
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), hasten(CLIENT_OPTIONS));
  const call = (): Promise<string> =>
    new Promise((resolve) => {
      const stream = client["stream"]!(Buffer.of(1)) as NodeJS.ReadableStream;
      stream.on("data", () => undefined);
      stream.on("error", (error: Error) => resolve(error.message));
      stream.on("end", () => resolve("ended"));
    });
  expect(await Promise.all([call(), call(), call(), call()])).toEqual(["ended", "ended", "ended", "ended"]);
  client.close();
});
