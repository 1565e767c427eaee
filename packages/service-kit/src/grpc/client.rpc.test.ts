import { describe, expect, it } from "vitest";
import { diffusion } from "@moodifier/proto";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";
import { createClient, MoodError } from "../index.ts";

const retry = { baseMs: 1, maxMs: 5 };

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

  it("calls again when the service was UNAVAILABLE, and only then", async () => {
    let calls = 0;
    let code: MoodError["code"] = "UNAVAILABLE";
    const { server, close } = await startEditor({
      listMethods: async () => {
        calls += 1;
        if (calls < 3) throw new MoodError(code, "TEST", "test");
        return { methods: [{ name: "moodifier", description: "" }] };
      },
    });
    const client = createClient(diffusion.EditorClient, server.address, { retry });
    expect((await client.listMethods({})).methods).toHaveLength(1);
    expect(calls).toBe(3);
    calls = 0;
    code = "INTERNAL";
    await expect(client.listMethods({})).rejects.toMatchObject({ code: "INTERNAL" });
    expect(calls).toBe(1);
    calls = -10;
    code = "UNAVAILABLE";
    await expect(client.listMethods({})).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "TEST" });
    expect(calls).toBe(-7);
    client.close();
    await close();
  });

  it("starts a stream again only while nothing has arrived", async () => {
    let calls = 0;
    const { server, close } = await startEditor({
      async *edit({ method }) {
        calls += 1;
        if (method === "late") yield progress(1);
        if (calls < 2 || method === "late") throw new MoodError("UNAVAILABLE", "TEST", "test");
        yield progress(2);
      },
    });
    const client = createClient(diffusion.EditorClient, server.address, { retry });
    expect(await Array.fromAsync(client.edit(emptyEdit))).toEqual([progress(2)]);
    expect(calls).toBe(2);
    await expect(Array.fromAsync(client.edit({ method: "late" }))).rejects.toMatchObject({ reason: "TEST" });
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
});
