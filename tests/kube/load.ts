import { Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { drawFace, drawMask } from "../e2e/fixtures.ts";
import { formOf } from "../e2e/client.ts";

/** What a client saw of one edit. */
export interface Outcome {
  /** Milliseconds from the request to the whole answer. */
  readonly ms: number;
  /** Undefined when the edit was made, else why not. */
  readonly failure?: string;
}

/** Clients that ask for edits one after the other until they are told to stop. */
export class Load {
  readonly outcomes: Outcome[] = [];
  #stopping = false;
  readonly #clients: Promise<void>[];

  /** `keepAlive` clients hold one connection each, the others open one for each edit. */
  static async start(url: string, options: { clients: number; keepAlive: boolean }): Promise<Load> {
    const fields = {
      image: await drawFace(),
      mask: await drawMask(256, 256, [0.25, 0.5, 0.75, 0.85]),
      emotion: "joy",
      steps: "2",
    };
    const encoded = new Response(formOf(fields));
    const headers = {
      "content-type": encoded.headers.get("content-type")!,
      prefer: "wait=120",
    };
    return new Load(url, Buffer.from(await encoded.arrayBuffer()), headers, options);
  }

  private constructor(
    url: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    options: { clients: number; keepAlive: boolean },
  ) {
    this.#clients = Array.from({ length: options.clients }, () => this.#client(url, body, headers, options.keepAlive));
  }

  get made(): number {
    return this.outcomes.filter(({ failure }) => failure === undefined).length;
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

  async #client(url: string, body: Buffer, headers: Readonly<Record<string, string>>, keepAlive: boolean) {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!this.#stopping) {
      const startedAt = performance.now();
      const failure = await edit(url, body, headers, agent).catch((error: Error) => `${error.name}: ${error.message}`);
      const ms = performance.now() - startedAt;
      this.outcomes.push(failure === undefined ? { ms } : { ms, failure });
      if (failure !== undefined) await sleep(200);
    }
    agent.destroy();
  }
}

/** Undefined when the edit was made within the answer. */
function edit(url: string, body: Buffer, headers: Readonly<Record<string, string>>, agent: Agent) {
  return new Promise<string | undefined>((resolve, reject) => {
    const request = httpRequest(`${url}/v1/edits`, {
      method: "POST",
      agent,
      headers: { ...headers, "content-length": body.length },
    });
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString();
        const { status } = response.statusCode === 201 ? (JSON.parse(text) as { status: string }) : { status: text };
        resolve(status === "succeeded" ? undefined : `${response.statusCode}: ${status.slice(0, 300)}`);
      });
    });
    request.end(body);
  });
}
