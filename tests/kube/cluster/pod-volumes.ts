import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { V1Container, V1Pod, V1Volume } from "@kubernetes/client-node";
import { stringify } from "yaml";
import type { ContainerHome } from "./container-process.ts";

/** Where a container sees a volume, and the folder of this machine that it is. */
export type Mount = readonly [at: string, folder: string];

/** Where the API server's admission mounts the token of a service account. */
const accountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Makes the folders that a container mounts, with the files of ConfigMaps, Secrets and its account, and the environment that leads to the latter. */
export async function mountVolumes(
  pod: V1Pod,
  container: V1Container,
  home: ContainerHome,
): Promise<{ mounts: Mount[]; env: Record<string, string> }> {
  const mounts: Mount[] = [];
  const env: Record<string, string> = {};
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = pod.spec!.volumes?.find((each) => each.name === name);
    if (volume?.image) {
      mounts.push([mountPath, home.images.folder(volume.image.reference!)]);
      continue;
    }
    // A claim is shared by the pods that name it, everything else by nobody.
    const claim = volume?.persistentVolumeClaim?.claimName;
    const folder = path.join(home.folder, "volumes", claim ?? `${pod.metadata!.name!}/${name}`);
    mkdirSync(folder, { recursive: true });
    if (volume?.configMap) await writeConfigMap(volume, folder, pod, home);
    if (volume?.secret) await writeSecret(volume, folder, pod, home);
    if (mountPath === accountPath) env["KUBECONFIG"] = await writeAccount(folder, pod, home);
    mounts.push([mountPath, folder]);
  }
  return { mounts, env };
}

async function writeConfigMap({ configMap }: V1Volume, folder: string, pod: V1Pod, { core }: ContainerHome) {
  const { data = {} } = await core.readNamespacedConfigMap({
    name: configMap!.name!,
    namespace: pod.metadata!.namespace!,
  });
  for (const [file, text] of Object.entries(data)) writeFileSync(path.join(folder, file), text);
}

async function writeSecret({ secret }: V1Volume, folder: string, pod: V1Pod, { core }: ContainerHome) {
  const { namespace } = pod.metadata!;
  const { data = {} } = await core.readNamespacedSecret({ name: secret!.secretName!, namespace: namespace! });
  const items = secret!.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  for (const { key, path: file } of items) {
    writeFileSync(path.join(folder, file), Buffer.from(data[key]!, "base64"), { mode: 0o600 });
  }
}

/** A kubeconfig with a real token of the pod's account: the address in the cluster, which a client would take otherwise, does not exist here. */
async function writeAccount(folder: string, pod: V1Pod, { config, core }: ContainerHome): Promise<string> {
  const { namespace } = pod.metadata!;
  const account = pod.spec!.serviceAccountName!;
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: [] } };
  const { status } = await core.createNamespacedServiceAccountToken({
    name: account,
    namespace: namespace!,
    body: request,
  });
  const { server, caFile } = config.getCurrentCluster()!;
  const file = path.join(folder, "kubeconfig");
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "in", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: account, user: { token: status!.token } }],
    contexts: [{ name: "in", context: { cluster: "in", user: account, namespace } }],
    "current-context": "in",
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
  return file;
}
