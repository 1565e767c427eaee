import { KubeConfig } from "@kubernetes/client-node";
import { type Cluster, namespace } from "./cluster/cluster.ts";

/** A configuration that speaks as a service account of the release, with a token of its own. */
export async function loginAs(cluster: Cluster, service: string): Promise<KubeConfig> {
  const token = await cluster.kubectl(["create", "token", `mood-moodifier-${service}`, "--namespace", namespace]);
  const config = new KubeConfig();
  config.loadFromString(cluster.plane.config.exportConfig());
  config.addUser({ name: service, token: token.trim() });
  config.addContext({ name: service, cluster: "test", user: service });
  config.setCurrentContext(service);
  return config;
}
