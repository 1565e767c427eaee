import { connect } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import type { V1Container, V1Probe } from "@kubernetes/client-node";
import { service as healthService } from "grpc-health-check";

/** Asks a probe once, as the kubelet would: an HTTP status below 400, a gRPC answer SERVING, or an open port within the probe's time. */
export async function askProbe(probe: V1Probe, container: V1Container, host: string): Promise<boolean> {
  const limitMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { httpGet, grpc, tcpSocket } = probe;
  if (httpGet) {
    const url = `http://${host}:${portOf(httpGet.port, container)}${httpGet.path ?? "/"}`;
    // Each probe has a connection of its own.
    const options = { signal: AbortSignal.timeout(limitMs), headers: { connection: "close" } };
    return fetch(url, options).then(
      async (response) => {
        await response.arrayBuffer().catch(() => undefined);
        return response.status < 400;
      },
      () => false,
    );
  }
  if (grpc) return askHealth(`${host}:${grpc.port}`, grpc.service ?? "", limitMs);
  if (tcpSocket) return canConnect(host, portOf(tcpSocket.port, container), limitMs);
  throw new Error(`container ${container.name}: only httpGet, grpc and tcpSocket probes are known here`);
}

function portOf(port: number | string | object, container: V1Container): number {
  if (typeof port === "number") return port;
  const named = container.ports?.find(({ name }) => name === String(port));
  if (!named) throw new Error(`container ${container.name} has no port named ${String(port)}`);
  return named.containerPort;
}

const check = healthService["Check"]!;

function askHealth(address: string, service: string, limitMs: number): Promise<boolean> {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = check;
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + limitMs };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, options, (error, answer) => {
      client.close();
      resolve(!error && (answer as { status: string }).status === "SERVING");
    });
  });
}

function canConnect(host: string, port: number, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
