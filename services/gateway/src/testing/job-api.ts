import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig, type V1Job, type V1JobStatus } from "@kubernetes/client-node";

/** What goes wrong with a watch connection. */
export type WatchFault = "cut" | "gone" | "gone-at-connect" | "error-500" | "garbage" | "silent" | "closed";

/** The Jobs part of an API server that speaks the list and watch protocol, and misbehaves on command. */
export interface JobApi {
  readonly config: KubeConfig;
  readonly jobs: Map<string, V1Job>;
  /** What befalls the next watch connections, one each; afterwards they behave. */
  readonly watchFaults: WatchFault[];
  /** Creates that take effect but whose answer is lost. */
  lostCreates: number;
  /** Requests that are answered with this status before anything else; one number each. */
  readonly refusals: number[];
  /** METHOD path of each request, watches as WATCH. */
  readonly log: string[];
  /** Changes the status of the only Job and tells the watchers. */
  setStatus(status: V1JobStatus): void;
  /** Closes the port and every connection. */
  down(): Promise<void>;
  /** Listens on the same port again. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

const PATH = "/apis/batch/v1/namespaces/prod/jobs";

/** Starts one on a free loopback port. */
export async function startJobApi(): Promise<JobApi> {
  const jobs = new Map<string, V1Job>();
  const watchers = new Set<ServerResponse>();
  const watchFaults: WatchFault[] = [];
  const refusals: number[] = [];
  const log: string[] = [];
  /** What happened, to be told again to a watch that begins at an older version. */
  const history: { version: number; line: string }[] = [];
  let version = 100;
  let server: Server;
  let port = 0;

  const emit = (type: string, job: V1Job) => {
    const line = `${JSON.stringify({ type, object: job })}\n`;
    history.push({ version, line });
    for (const watcher of watchers) watcher.write(line);
  };
  const touch = (job: V1Job): V1Job => {
    version += 1;
    return { ...job, metadata: { ...job.metadata, resourceVersion: String(version) } };
  };
  const send = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

  const create = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = JSON.parse(Buffer.concat(chunks).toString()) as V1Job;
    const name = sent.metadata!.name!;
    if (jobs.has(name)) return send(response, 409, { kind: "Status", code: 409, reason: "AlreadyExists", message: "" });
    const job = touch({ ...sent, metadata: { ...sent.metadata, uid: `uid-${version}` }, status: {} });
    jobs.set(name, job);
    emit("ADDED", job);
    if (api.lostCreates > 0) {
      api.lostCreates -= 1;
      return request.socket.destroy();
    }
    return send(response, 201, job);
  };

  const watch = (since: number, response: ServerResponse) => {
    const fault = watchFaults.shift();
    const goneStatus = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
    if (fault === "gone-at-connect") return send(response, 410, goneStatus);
    if (fault === "error-500")
      return send(response, 500, { kind: "Status", code: 500, message: "etcd leader changed" });
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (fault === "silent") return undefined;
    if (fault === "closed") return response.end();
    if (fault === "gone") return response.end(`${JSON.stringify({ type: "ERROR", object: goneStatus })}\n`);
    if (fault === "garbage") response.write("<html>a proxy's page</html>\n{}\n");
    if (fault === "cut") {
      response.write('{"type":"MODIFIED","object":{"metadata":{"name":"moodif');
      return setTimeout(() => response.destroy(), 20);
    }
    for (const past of history) if (past.version > since) response.write(past.line);
    watchers.add(response);
    return response.on("close", () => watchers.delete(response));
  };

  const handle = (request: IncomingMessage, response: ServerResponse): unknown => {
    const url = new URL(request.url ?? "/", "http://x");
    const watching = url.searchParams.get("watch") === "true";
    log.push(`${watching ? "WATCH" : request.method} ${url.pathname}`);
    const refusal = refusals.shift();
    if (refusal !== undefined)
      return send(response, refusal, { kind: "Status", code: refusal, message: `refused ${refusal}` });
    if (url.pathname === PATH && request.method === "POST") return create(request, response);
    if (watching) return watch(Number(url.searchParams.get("resourceVersion")), response);
    if (url.pathname === PATH) {
      const metadata = { resourceVersion: String(version) };
      return send(response, 200, { kind: "JobList", apiVersion: "batch/v1", metadata, items: [...jobs.values()] });
    }
    const name = url.pathname.slice(PATH.length + 1);
    const job = jobs.get(name);
    if (!job) return send(response, 404, { kind: "Status", code: 404, message: "not found" });
    if (request.method === "DELETE") {
      jobs.delete(name);
      emit("DELETED", touch(job));
    }
    return send(response, 200, job);
  };

  const up = async () => {
    server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const down = () =>
    new Promise<void>((resolve) => {
      watchers.clear();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await up();
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "test", server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: "test" },
  );
  const api: JobApi = {
    config,
    jobs,
    watchFaults,
    lostCreates: 0,
    refusals,
    log,
    setStatus: (status) => {
      const [[name, job] = []] = jobs;
      if (name === undefined || !job) throw new Error("there is no Job");
      const changed = touch({ ...job, status });
      jobs.set(name, changed);
      emit("MODIFIED", changed);
    },
    down,
    up,
    stop: down,
  };
  return api;
}
