import { z } from "zod";
import { fetchRange } from "./http-source.ts";
import { SourceError, type ModelSource } from "./model-source.ts";

const MANIFEST_TYPES =
  "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
const TITLE = "org.opencontainers.image.title";

const manifestSchema = z.object({
  layers: z.array(z.object({ digest: z.string(), annotations: z.record(z.string(), z.string()).optional() })),
});

/** Credentials of a registry. */
export interface RegistryLogin {
  readonly user: string;
  readonly password: string;
}

/**
 * An OCI artifact as ORAS pushes a folder: one layer a file, named by its title annotation. `oci://registry/repository:tag` or `@sha256:...`;
 * `oci+http://` for a registry without TLS. Bearer tokens are fetched where the registry asks for them (distribution specification).
 */
export async function openOciSource(
  reference: string,
  login: RegistryLogin | undefined,
  signal: AbortSignal,
): Promise<ModelSource> {
  const match = /^oci(\+http)?:\/\/([^/]+)\/(.+?)(?::([\w.-]+)|@(sha256:[0-9a-f]{64}))?$/.exec(reference);
  if (!match) throw new SourceError(`expected oci://REGISTRY/REPOSITORY:TAG, got ${reference}`);
  const [, insecure, registry, repository, tag = "latest", digest] = match;
  const base = `${insecure ? "http" : "https"}://${registry}/v2/${repository}`;
  const authorization = await authorize(new URL(`${base}/manifests/${digest ?? tag}`), login, signal);
  const headers: Record<string, string> = authorization ? { authorization } : {};
  const { body } = await fetchRange(new URL(`${base}/manifests/${digest ?? tag}`), 0, signal, {
    ...headers,
    accept: MANIFEST_TYPES,
  });
  const manifest = manifestSchema.parse(JSON.parse(await readText(body)));
  const blobs = new Map(manifest.layers.map((layer) => [layer.annotations?.[TITLE], layer.digest]));
  return {
    name: `${registry}/${repository}:${digest ?? tag}`,
    async open(path, from, inner) {
      const blob = blobs.get(path);
      if (blob === undefined) throw new SourceError(`${registry}/${repository}: no layer is titled ${path}`);
      return fetchRange(new URL(`${base}/blobs/${blob}`), from, inner, headers);
    },
  };
}

/** The Authorization header that the registry wants for this manifest; undefined when it wants none. */
async function authorize(url: URL, login: RegistryLogin | undefined, signal: AbortSignal): Promise<string | undefined> {
  const probe = await fetch(url, { method: "HEAD", headers: { accept: MANIFEST_TYPES }, signal }).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      throw new SourceError(`${url.origin}: no answer`, { cause, retry: true });
    },
  );
  const challenge = probe.status === 401 ? (probe.headers.get("www-authenticate") ?? "") : undefined;
  if (challenge === undefined) return undefined;
  const basic = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  if (/^basic/i.test(challenge)) return basic;
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = URL.parse(field("realm") ?? "");
  if (!realm) throw new SourceError(`${url.origin}: asks for a login in a way that is not understood`);
  for (const name of ["service", "scope"]) realm.searchParams.set(name, field(name) ?? "");
  const { body } = await fetchRange(realm, 0, signal, basic ? { authorization: basic } : {});
  const answer = z
    .object({ token: z.string().optional(), access_token: z.string().optional() })
    .parse(JSON.parse(await readText(body)));
  return `Bearer ${answer.token ?? answer.access_token ?? ""}`;
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
