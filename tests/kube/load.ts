import { randomUUID } from "node:crypto";
import { Agent, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { drawFace, drawMask } from "../e2e/fixtures.ts";
import { formOf } from "../e2e/client.ts";

const ENDED = new Set(["failed", "cancelled", "expired", "input_moderated", "output_moderated"]);

/** What a client saw of one edit. */
export interface Outcome {
  /** Milliseconds from the request to the whole answer. */
  readonly ms: number;
  /** Undefined when the edit was made, else why not. */
  readonly failure?: string;
  /** Requests that broke off and were made again. */
  readonly broken: number;
}

/** What the clients of a load do. */
export interface LoadOptions {
  readonly clients: number;
  /** One connection for each client instead of one for each edit. */
  readonly keepAlive: boolean;
  /** Denoising steps of an edit; few unless told. */
  readonly steps?: number;
  /** Whether an edit whose request breaks off is asked for again under the same Idempotency-Key, up to ten times; else it has failed. */
  readonly again?: boolean;
}

/** Clients that ask for edits one after the other until they are told to stop. */
export class Load {
  readonly outcomes: Outcome[] = [];
  #stopping = false;
  readonly #clients: Promise<void>[];

  static async start(url: string, options: LoadOptions): Promise<Load> {
    return new Load(url, await drawFace(), await drawMask(256, 256, [0.25, 0.5, 0.75, 0.85]), options);
  }

  private constructor(url: string, image: Buffer, mask: Buffer, options: LoadOptions) {
    let asked = 0;
    // Edits differ, so that each has a plan of its own.
    const next = () => {
      const intensity = String(0.5 + (asked++ % 5000) / 10_000);
      return new Response(formOf({ image, mask, emotion: "joy", steps: String(options.steps ?? 2), intensity }));
    };
    this.#clients = Array.from({ length: options.clients }, () => this.#client(url, next, options));
  }

  get made(): number {
    return this.outcomes.filter(({ failure }) => failure === undefined).length;
  }

  /** Requests that broke off although their edits were made in the end. */
  get broken(): number {
    return this.outcomes.reduce((sum, { broken }) => sum + broken, 0);
  }

  get failures(): string[] {
    return this.outcomes.flatMap(({ failure }) => failure ?? []);
  }

  /** Resolves when so many edits more have ended. */
  async further(count: number): Promise<void> {
    const goal = this.outcomes.length + count;
    while (this.outcomes.length < goal) await sleep(100);
  }

  /** Lets the open edits end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  async #client(url: string, next: () => Response, options: LoadOptions) {
    const agent = new Agent({ keepAlive: options.keepAlive, maxSockets: 1 });
    while (!this.#stopping) {
      const startedAt = performance.now();
      const encoded = next();
      const headers = {
        "content-type": encoded.headers.get("content-type")!,
        prefer: "wait=60",
        ...(options.again && { "idempotency-key": randomUUID() }),
      };
      const body = Buffer.from(await encoded.arrayBuffer());
      let failure: string | undefined;
      for (let broken = 0; ; broken += 1) {
        failure = await edit(url, body, headers, agent).catch((error: Error) => `${error.name}: ${error.message}`);
        const ms = performance.now() - startedAt;
        if (failure === undefined || !options.again || broken === 10) {
          this.outcomes.push({ ms, broken, ...(failure !== undefined && { failure }) });
          break;
        }
        await sleep(200);
      }
      if (failure !== undefined) await sleep(200);
    }
    agent.destroy();
  }
}

/** Undefined when the edit was made, within the answer or, after the wait that it allows, found by asking for it each second. */
async function edit(
  url: string,
  body: Buffer,
  headers: OutgoingHttpHeaders,
  agent: Agent,
): Promise<string | undefined> {
  let answer = await send(`${url}/v1/edits`, { method: "POST", agent, headers, body });
  for (;;) {
    if (answer.statusCode >= 300) return `${answer.statusCode}: ${answer.text.slice(0, 300)}`;
    const { id, status } = JSON.parse(answer.text) as { id: string; status: string };
    if (status === "succeeded") return undefined;
    if (ENDED.has(status)) return status;
    await sleep(1000);
    answer = await send(`${url}/v1/edits/${id}`, { method: "GET", agent, headers: {} });
  }
}

function send(
  url: string,
  { body, headers, ...options }: { method: string; agent: Agent; headers: OutgoingHttpHeaders; body?: Buffer },
): Promise<{ statusCode: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, {
      ...options,
      headers: { ...headers, ...(body && { "content-length": body.length }) },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ statusCode: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.end(body);
  });
}
