// The stack of the telemetry bench: gateway and backends in this process, with tracing as the OTEL_* variables say. Asked over IPC to make edits, it answers
// with what each took; "end" sends what is left and stops. Child of telemetry.mjs.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createLogger, startTracing } from "@moodifier/service-kit";

const { backends, picture } = JSON.parse(process.argv[2]);
const tracing = await startTracing("moodifier");
const image = readFileSync(picture);
const stack = backends === "mini" ? await startEmbedded() : await startScripted();

process.on("message", (message) => void answer(message));
process.send({ ready: true });

async function answer({ edits, traced, atOnce = 1, end }) {
  if (end) {
    await stack.stop();
    await tracing.stop();
    process.send({ ended: true });
    process.disconnect();
    return;
  }
  const ms = [];
  const cpu = process.cpuUsage();
  let left = edits;
  const takeTurns = async () => {
    while (left-- > 0) {
      const startedAt = performance.now();
      await edit(traced);
      ms.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  const { user, system } = process.cpuUsage(cpu);
  process.send({ ms, cpuMs: (user + system) / 1000 / edits });
}

let seed = 0;

/** Every edit asks for another strength, so that no plan is remembered and all services take part. */
async function edit(traced) {
  const form = new FormData();
  seed += 1;
  const fields = { emotion: "joy", steps: "4", seed: String(seed), intensity: String(0.5 + (seed % 5000) / 10_000) };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("image", new Blob([image], { type: "image/png" }), "image.png");
  const headers = { Prefer: "wait=60", ...(!traced && { traceparent: unsampledParent() }) };
  const response = await fetch(`${stack.url}/v1/edits`, { method: "POST", body: form, headers });
  const { status, problem } = await response.json();
  if (status !== "succeeded") throw new Error(`an edit ended as ${status}: ${JSON.stringify(problem)}`);
}

/** A caller's W3C trace context with the sampled flag at 0: what it calls records nothing. */
function unsampledParent() {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
}

async function startScripted() {
  const { startScriptedServices } = await import("../../../services/gateway/src/testing/scripted-services.ts");
  const gateway = await import("@moodifier/gateway");
  const services = await startScriptedServices(image);
  services.script.stepMs = 0;
  const config = gateway.configSchema.parse({ ...services.addresses, logLevel: "silent", drainMs: 50 });
  const running = await gateway.start(config, { logger: createLogger({ service: "gateway", level: "silent" }) });
  const stop = async () => {
    await running.stop();
    await services.stop();
  };
  return { url: `http://${running.address}`, stop };
}

async function startEmbedded() {
  const embedded = await import("../../../services/embedded/dist/index.js");
  const modelDir = new URL("../../../models/mini", import.meta.url).pathname;
  return embedded.start(embedded.configSchema.parse({ modelDir, logLevel: "silent", port: 0 }));
}
