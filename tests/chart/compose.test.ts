import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { kubeTools } from "../../scripts/kube-tools.mjs";
import { root } from "./chart.ts";

const file = path.join(root, "deploy/compose.yaml");
const services = ["gateway", "mllm", "clip", "diffusion"] as const;

interface Service {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly build?: {
    readonly context: string;
    readonly dockerfile: string;
    readonly args: { readonly SERVICE: string };
  };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
}

/** The file as Docker Compose understands it. Throws with its words when it refuses the file. */
function load(compose: string, env: Readonly<Record<string, string>> = { POSTGRES_PASSWORD: "p4ss" }) {
  const done = spawnSync(path.join(kubeTools("compose"), "compose"), [compose], { env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as { name: string; services: Record<string, Service> };
}

describe("deploy/compose.yaml", () => {
  const compose = load(file);

  it("has the four services and their database, built from what is there", () => {
    expect(Object.keys(compose.services).sort()).toEqual([...services, "database"].sort());
    for (const name of services) {
      const { image, build, environment } = compose.services[name]!;
      expect(image).toBe(`moodifier/${name}:0.1.0`);
      expect(build?.args).toEqual({ SERVICE: name });
      expect(existsSync(path.join(build!.context, build!.dockerfile))).toBe(true);
      if (name === "gateway") continue;
      expect(compose.services["gateway"]!.environment[`MOODIFIER_${name.toUpperCase()}_ADDRESS`]).toBe(
        `dns:///${name}:${environment["MOODIFIER_PORT"]}`,
      );
    }
    expect(compose.services["gateway"]!.environment["MOODIFIER_DATABASE_URL"]).toBe(
      "postgres://moodifier:p4ss@database:5432/moodifier",
    );
  });

  it("keeps them as restricted as the chart does, with the committed models", () => {
    for (const name of services) {
      const { user, read_only: readOnly, cap_drop: dropped, volumes } = compose.services[name]!;
      expect({ user, readOnly, dropped }).toEqual({ user: "65532:65532", readOnly: true, dropped: ["ALL"] });
      if (name === "gateway") continue;
      const [models] = volumes!;
      expect(models).toMatchObject({ type: "bind", source: path.join(root, "models"), target: "/models" });
    }
  });

  it("asks for the password of the database", () => expect(() => load(file, {})).toThrow("set POSTGRES_PASSWORD"));

  it.each([
    ["a setting that Compose does not have", "read_only: true", "readonly: true", /readonly/],
    ["a volume that nobody declares", "  objects: {}", "", /undefined volume objects/],
    ["a service that isn't there", "      database: { condition", "      databases: { condition", /undefined service/],
  ])("would be refused for %s", (_name, from, to, words) => {
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    const other = path.join(mkdtempSync(path.join(tmpdir(), "moodifier-compose-")), "compose.yaml");
    writeFileSync(other, text.replace(from, to));
    expect(() => load(other)).toThrow(words);
  });
});
