import { Worker } from "node:worker_threads";
import { MoodError } from "@moodifier/service-kit";
import type { Signer } from "./signer.ts";
import type { SigningAnswer, SigningRequest, SigningThreadData } from "./signing-protocol.ts";

// Under Vitest and Node's type stripping this file is the .ts source, in production the built .js.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const workerUrl = new URL(`./signing-worker.${extension}`, import.meta.url);

/** Starts the thread that signs; rejects with what its trial found. */
export async function startSigningThread(workerData: SigningThreadData): Promise<Pick<Signer, "sign" | "close">> {
  const worker = new Worker(workerUrl, { name: "moodifier-signing", execArgv: [], workerData });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the signing thread ended with code ${code}`)));
  });
  return new SigningThread(worker);
}

class SigningThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PromiseWithResolvers<Buffer>>();
  #nextId = 1;
  #ended: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (answer: SigningAnswer) => this.#receive(answer));
    worker.on("error", (error) => this.#end(error));
    worker.on("exit", () => this.#end(new Error("the signing thread has ended")));
    // Signing alone must not keep the process alive.
    worker.unref();
  }

  async sign({ data, mediaType }: { data: Buffer; mediaType: string }, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#ended) throw failed(this.#ended);
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Buffer>();
    this.#pending.set(id, answer);
    const request: SigningRequest = { id, data: new Uint8Array(data), mediaType };
    this.#worker.postMessage(request, [request.data.buffer]);
    const signed = await answer.promise;
    signal.throwIfAborted();
    return signed;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive({ id, data, message }: SigningAnswer): void {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    if (data) waiting?.resolve(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    else waiting?.reject(failed(new Error(message)));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(failed(error));
    this.#pending.clear();
  }
}

function failed(cause: Error): MoodError {
  return new MoodError("INTERNAL", "SIGNATURE_FAILED", "The result could not be signed.", { cause });
}
