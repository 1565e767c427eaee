import dns from "node:dns/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { diffusion } from "@moodifier/proto";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";
import { createClient, MoodError } from "../index.ts";

const retry = { baseMs: 1, maxMs: 5 };

afterEach(() => void vi.restoreAllMocks());

describe("a client", () => {
  it("names the service that is down", async () => {
    const { server, close } = await startEditor({});
    await close();
    const client = createClient(diffusion.EditorClient, server.address, { retry });
    const expected = { code: "UNAVAILABLE", reason: "SERVICE_UNAVAILABLE", details: { service: "diffusion" } };
    await expect(client.listMethods({})).rejects.toMatchObject(expected);
    await expect(Array.fromAsync(client.edit(emptyEdit))).rejects.toMatchObject(expected);
    await expect(client.ready(50)).rejects.toMatchObject(expected);
    client.close();
  });

  it("calls again when the service could not be reached, and only then", async () => {
    let calls = 0;
    let failure = new MoodError("UNAVAILABLE", "SERVICE_STOPPING", "test");
    const { server, close } = await startEditor({
      listMethods: async () => {
        calls += 1;
        if (calls < 3) throw failure;
        return { methods: [{ name: "moodifier", description: "" }] };
      },
    });
    const client = createClient(diffusion.EditorClient, server.address, { retry });
    expect((await client.listMethods({})).methods).toHaveLength(1);
    expect(calls).toBe(3);
    calls = -10;
    await expect(client.listMethods({})).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "SERVICE_STOPPING" });
    expect(calls).toBe(-7);
    for (const code of ["INTERNAL", "UNAVAILABLE"] as const) {
      calls = 0;
      failure = new MoodError(code, "CHAT_UNAVAILABLE", "the service has tried again itself");
      await expect(client.listMethods({})).rejects.toMatchObject({ code, reason: "CHAT_UNAVAILABLE" });
      expect(calls).toBe(1);
    }
    client.close();
    await close();
  });

  it("starts a stream again only while nothing has arrived", async () => {
    let calls = 0;
    const { server, close } = await startEditor({
      async *edit({ method }) {
        calls += 1;
        if (method === "late") yield progress(1);
        if (calls < 2 || method === "late") throw new MoodError("UNAVAILABLE", "SERVICE_STOPPING", "test");
        yield progress(2);
      },
    });
    const client = createClient(diffusion.EditorClient, server.address, { retry });
    expect(await Array.fromAsync(client.edit(emptyEdit))).toEqual([progress(2)]);
    expect(calls).toBe(2);
    await expect(Array.fromAsync(client.edit({ method: "late" }))).rejects.toMatchObject({
      reason: "SERVICE_STOPPING",
    });
    expect(calls).toBe(3);
    client.close();
    await close();
  });

  it("rejects with the reason of its signal, before and during a call", async () => {
    const { client, close } = await startEditor({ listMethods: () => new Promise(() => undefined) }, { drainMs: 50 });
    const reason = new MoodError("CANCELLED", "JOB_CANCELLED", "the edit was cancelled");
    await expect(client.listMethods({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const call = client.listMethods({}, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 50);
    await expect(call).rejects.toBe(reason);
    await expect(client.listMethods({}, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    await close();
  });

  it("finds a service again whose every address has changed, within seconds", async () => {
    const old = await startEditor({ listMethods: async () => ({ methods: [{ name: "old", description: "" }] }) });
    const { port } = old.server;
    let address = "127.0.0.1";
    vi.spyOn(dns, "lookup").mockImplementation((async () => [{ address, family: 4 }]) as never);
    const client = createClient(diffusion.EditorClient, `dns:///editor.prod.svc:${port}`);
    expect((await client.listMethods({})).methods[0]?.name).toBe("old");
    address = "127.0.0.2";
    const config = { host: address, port, metricsPort: 0, reflection: false, drainMs: 1000 };
    const listMethods = async () => ({ methods: [{ name: "new", description: "" }] });
    const next = await startEditor({ listMethods }, { config });
    await old.close();
    // grpc-js would wait for 30 s between two resolutions.
    const name = () =>
      client.listMethods({}).then(
        ({ methods }) => methods[0]?.name,
        () => "none",
      );
    await expect.poll(name, { timeout: 5000, interval: 100 }).toBe("new");
    client.close();
    await next.close();
  });
});
