import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ApiregistrationV1Api, CoreV1Api } from "@kubernetes/client-node";
import type { ControlPlane } from "./control-plane.ts";

/** Serves `external.metrics.k8s.io`, as KEDA's adapter or the Prometheus adapter do, with values that a test sets. */
export interface ExternalMetrics {
  /** The total of a metric from now on. */
  set(name: string, value: number): void;
  stop(): Promise<void>;
}

const group = "external.metrics.k8s.io";
const version = "v1beta1";

/** Starts the adapter and registers it with the API server, which hands requests on to it. */
export async function startExternalMetrics(plane: ControlPlane): Promise<ExternalMetrics> {
  const values = new Map<string, number>();
  const server = createServer(plane.certificate, (request, response) => {
    const url = new URL(request.url ?? "/", "https://localhost");
    const [, name] = new RegExp(`^/apis/${group}/${version}/namespaces/[^/]+/([^/]+)$`).exec(url.pathname) ?? [];
    // The API server asks for newer forms of discovery first and takes 404 for a no.
    if (name === undefined && url.pathname !== `/apis/${group}/${version}`) return void response.writeHead(404).end();
    const answer = name === undefined ? resourceList() : valueList(name, values.get(name));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const core = plane.config.makeApiClient(CoreV1Api);
  const body = {
    metadata: { name: "external-metrics" },
    // An address that the API server itself can reach: pods and cluster addresses don't exist here.
    spec: { type: "ExternalName", externalName: "localhost", ports: [{ port }] },
  };
  await core.createNamespacedService({ namespace: "kube-system", body });
  const registration = plane.config.makeApiClient(ApiregistrationV1Api);
  const service = { name: "external-metrics", namespace: "kube-system", port };
  const spec = { group, version, service, groupPriorityMinimum: 100, versionPriority: 100 };
  await registration.createAPIService({
    body: { metadata: { name: `${version}.${group}` }, spec: { ...spec, insecureSkipTLSVerify: true } },
  });
  return {
    set: (name, value) => void values.set(name, value),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function resourceList() {
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources: [] };
}

function valueList(metricName: string, value: number | undefined) {
  const item = { metricName, metricLabels: {}, timestamp: new Date().toISOString(), value: String(value ?? 0) };
  return { kind: "ExternalMetricValueList", apiVersion: `${group}/${version}`, metadata: {}, items: [item] };
}
