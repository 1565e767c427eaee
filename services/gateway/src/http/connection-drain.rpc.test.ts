import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { expect, it } from "vitest";
import { createConnectionDrain } from "./connection-drain.ts";

it("closes connections with their next answer, and fails none", async () => {
  const drain = createConnectionDrain();
  const app = express();
  const held = Promise.withResolvers<void>();
  app.use(drain.handler);
  app.get("/slow", async (_request, response) => {
    await held.promise;
    response.send("slow");
  });
  app.get("/", (_request, response) => void response.send("ok"));
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const get = (path: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest({ port, host: "127.0.0.1", path, agent }, (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer));
      });
      sent.once("error", reject);
      sent.end();
    });
  expect((await get("/")).headers.connection).toBe("keep-alive");
  const slow = get("/slow");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const drained = drain.begin(100);
  expect((await get("/")).headers.connection).toBe("close");
  held.resolve();
  expect((await slow).headers.connection).toBe("close");
  await drained;
  agent.destroy();
  await new Promise((resolve) => server.close(resolve));
});
