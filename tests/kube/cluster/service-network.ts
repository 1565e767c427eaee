import { renameSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { DiscoveryV1Api, type KubeConfig, makeInformer, type V1EndpointSlice } from "@kubernetes/client-node";
import { loopbackOf } from "./pod-addresses.ts";

/** What the cluster's network would do: names of Services lead to their ready pods, and a Service's own address spreads connections over them. */
export interface ServiceNetwork {
  /** Ready pods of a Service, as loopback addresses. */
  endpoints(service: string, namespace: string): readonly string[];
  /** A loopback port that hands every connection to a random ready pod. Connections that exist stay where they are, as with kube-proxy. */
  expose(service: string, namespace: string, port: number): Promise<number>;
  stop(): Promise<void>;
}

/** Follows the EndpointSlices of all namespaces and writes `hostsFile` for `cluster-hosts.cjs`. */
export async function startServiceNetwork(config: KubeConfig, hostsFile: string): Promise<ServiceNetwork> {
  const api = config.makeApiClient(DiscoveryV1Api);
  const slices = new Map<string, V1EndpointSlice>();
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const endpoints = (service: string, namespace: string) =>
    [...slices.values()]
      .filter(({ metadata }) => metadata?.namespace === namespace && serviceOf(metadata?.labels) === service)
      .flatMap((slice) => slice.endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map(loopbackOf));
  const write = () => {
    const hosts: Record<string, string[]> = {};
    for (const { metadata } of slices.values()) {
      const service = serviceOf(metadata?.labels);
      const namespace = metadata?.namespace;
      if (service && namespace) hosts[`${service}.${namespace}.svc`] = [...endpoints(service, namespace)];
    }
    writeFileSync(`${hostsFile}.new`, JSON.stringify(hosts));
    renameSync(`${hostsFile}.new`, hostsFile);
  };
  write();
  const informer = makeInformer(config, "/apis/discovery.k8s.io/v1/endpointslices", () =>
    api.listEndpointSliceForAllNamespaces(),
  );
  const keep = (slice: V1EndpointSlice) => {
    slices.set(slice.metadata!.uid!, slice);
    write();
  };
  informer.on("add", keep);
  informer.on("update", keep);
  informer.on("delete", (slice) => {
    slices.delete(slice.metadata!.uid!);
    write();
  });
  let stopped = false;
  informer.on("error", () => void setTimeout(() => stopped || void informer.start(), 300));
  await informer.start();

  const expose = async (service: string, namespace: string, port: number): Promise<number> => {
    const server = createServer((client) => {
      const ready = endpoints(service, namespace);
      const host = ready[Math.floor(Math.random() * ready.length)];
      if (host === undefined) return void client.resetAndDestroy();
      const pod = connect(port, host);
      for (const [from, to] of [
        [client, pod],
        [pod, client],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => sockets.delete(from));
      }
    });
    servers.add(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    stopped = true;
    await informer.stop();
    for (const socket of sockets) socket.destroy();
    await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))));
  };
  return { endpoints, expose, stop };
}

function serviceOf(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  return labels?.["kubernetes.io/service-name"];
}
