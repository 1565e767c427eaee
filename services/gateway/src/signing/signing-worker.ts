// Signs files in a thread of its own: hashing megabytes would block the event loop, and the library asks for a browser's FileReaderSync.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import initialize, { WasmBuilder, WasmReader } from "@contentauth/c2pa-wasm";
import { signClaim } from "./cose-signature.ts";
import { algorithmOf } from "./signing-algorithm.ts";
import type { SigningAnswer, SigningRequest, SigningThreadData } from "./signing-protocol.ts";

const { certificates, key: pem, reservedBytes, tool, sourceType, sample } = workerData as SigningThreadData;
const port = parentPort;
if (!port) throw new Error("signing-worker runs as a worker thread only");
const send = (message: SigningAnswer): void => port.postMessage(message);

/** A Blob whose bytes can be read at once. */
class OpenBlob extends Blob {
  readonly held: Uint8Array<ArrayBuffer>;
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super([bytes]);
    this.held = bytes;
  }
  override slice(from = 0, to = this.held.length): OpenBlob {
    return new OpenBlob(this.held.subarray(from, to));
  }
}
class FileReaderSync {
  readAsArrayBuffer({ held }: OpenBlob): ArrayBuffer {
    return held.slice().buffer;
  }
}
Object.assign(globalThis, { FileReaderSync });

const key = createPrivateKey(pem);
const algorithm = algorithmOf(key);
if (!algorithm) throw new TypeError("C2PA has no algorithm for this key");
await initialize({
  module_or_path: readFileSync(fileURLToPath(import.meta.resolve("@contentauth/c2pa-wasm/c2pa.wasm"))),
});
const context = JSON.stringify({ builder: { thumbnail: { enabled: false } } });
const manifest = JSON.stringify({
  claim_generator_info: [tool],
  ingredients: [{ label: "source", title: "source picture", relationship: "parentOf" }],
  assertions: [
    {
      label: "c2pa.actions",
      data: {
        actions: [
          { action: "c2pa.opened", parameters: { ingredientIds: ["source"] } },
          { action: "c2pa.edited", digitalSourceType: sourceType, softwareAgent: tool },
        ],
      },
    },
  ],
});

async function sign(data: Uint8Array<ArrayBuffer>, mediaType: string): Promise<Uint8Array> {
  using builder = WasmBuilder.fromJson(manifest, context);
  const signer = {
    alg: algorithm!.name,
    reserveSize: reservedBytes,
    sign: (claim: Uint8Array) =>
      Promise.resolve(new Uint8Array(signClaim(claim, { key, algorithm: algorithm!, certificates }, reservedBytes))),
  };
  return await builder.sign(signer, [], mediaType, new OpenBlob(data));
}

/** Signs a sample and reads it back: a certificate that no reader would take is found before the first edit. */
async function checkSample(): Promise<void> {
  const signed = new Uint8Array(await sign(sample, "image/png"));
  using reader = await WasmReader.fromBlob("image/png", new OpenBlob(signed), context);
  const { validation_state: state, validation_results: results } = JSON.parse(reader.json()) as {
    validation_state: string;
    validation_results?: { activeManifest?: { failure?: { code: string }[] } };
  };
  const faults = (results?.activeManifest?.failure ?? []).map(({ code }) => code);
  if (state === "Invalid") throw new Error(faults.join(", "));
}

port.on("message", ({ id, data, mediaType }: SigningRequest) => {
  sign(data, mediaType).then(
    (signed) => send({ id, data: signed }),
    (error: unknown) => send({ id, message: String(error) }),
  );
});
await checkSample();
send({ id: 0 });
