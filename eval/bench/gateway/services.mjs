// Model services whose answers cost nothing, in a process of their own; prints their addresses as one JSON line. argv: side of the square picture in pixels, steps, milliseconds a step, edits at the same time (any number unless told).
import { randomBytes } from "node:crypto";
import { encodePng } from "@moodifier/inference";
import { BoundedQueue } from "@moodifier/service-kit";
import { startScriptedServices } from "../../../services/gateway/src/testing/scripted-services.ts";

const [side, steps, stepMs, concurrency] = process.argv.slice(2).map(Number);
const picture = await encodePng({ width: side, height: side, channels: 3, data: randomBytes(side * side * 3) });
const services = await startScriptedServices(picture);
Object.assign(services.script, { steps, stepMs });
if (concurrency) services.script.places = new BoundedQueue({ name: "editor", concurrency, maxQueue: 1000 });
// Only the last requests are of interest to nobody here.
setInterval(() => Object.assign(services.record, { plans: [], texts: [], segments: [], edits: [] }), 200).unref();
console.log(JSON.stringify({ addresses: services.addresses, picture: picture.toString("base64") }));
process.once("SIGTERM", () => process.exit(0));
