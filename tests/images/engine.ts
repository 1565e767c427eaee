import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const cache = path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "moodifier/images");
/** A store of our own, so that the machine's images stay as they are. */
const store = ["--root", path.join(cache, "store"), "--runroot", path.join(cache, "run")];
export const baseImage = "localhost/moodifier-base:test";

/** Runs podman in the tests' store and returns what it printed. */
export function podman(args: readonly string[], input?: Buffer): string {
  const done = spawnSync("podman", [...store, ...args], { cwd: root, input, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (done.status !== 0)
    throw new Error(`podman ${args.join(" ")}\n${done.error?.message ?? `${done.stdout}${done.stderr}`.slice(-4000)}`);
  return done.stdout;
}

/** Fails, with the way to install them, when a needed program is missing. Needs root: images are built with chroot isolation. */
export function checkPrograms(): void {
  const missing = ["podman", "debootstrap", "chroot", "setpriv"].filter(
    (name) => spawnSync("which", [name]).status !== 0,
  );
  if (missing.length > 0)
    throw new Error(`${missing.join(", ")} needed: apt-get install podman debootstrap crun util-linux`);
  if (process.getuid?.() !== 0) throw new Error("this suite builds with chroot isolation and needs root");
}

/** A base image like node:24-bookworm-slim, made of Debian's packages and the Node that this repository pins. */
export function makeBaseImage(): void {
  if (podman(["images", "--quiet", baseImage]).trim() !== "") return;
  const tree = path.join(cache, "base");
  if (!existsSync(path.join(tree, "etc/ready"))) {
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree, { recursive: true });
    execFileSync("debootstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", tree], {
      stdio: "ignore",
    });
    rmSync(path.join(tree, "var/cache/apt/archives"), { recursive: true, force: true });
    const npm = path.resolve(
      execFileSync("npm", ["prefix", "--global"], { encoding: "utf8" }).trim(),
      "lib/node_modules/npm",
    );
    cpSync(path.join(root, "node_modules/node/bin/node"), path.join(tree, "usr/local/bin/node"));
    cpSync(npm, path.join(tree, "usr/local/lib/node_modules/npm"), { recursive: true });
    for (const name of ["npm", "npx"]) {
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, path.join(tree, "usr/local/bin", name));
    }
    mkdirSync(path.join(tree, "etc/ready"));
  }
  execFileSync("sh", ["-c", `tar -C "$1" -c . | podman ${store.join(" ")} import - ${baseImage}`, "sh", tree], {
    stdio: "pipe",
  });
}

/** Builds `image` from a Dockerfile of deploy/images with further options of podman. */
export function buildImage(image: string, file: string, options: readonly string[], context = "."): string {
  const isolation = ["--isolation=chroot", "--network=host", "--ulimit=nofile=16384:16384"];
  podman(["build", ...isolation, `--file=deploy/images/${file}`, ...options, `--tag=${image}`, context]);
  return image;
}

/** Builds one service's image, with the machine's npm cache and certificates. */
export function buildService(service: string): string {
  const npmCache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
  const certificates = process.env["NODE_EXTRA_CA_CERTS"];
  return buildImage(`localhost/moodifier/${service}:test`, "Dockerfile", [
    "--ignorefile=deploy/images/Dockerfile.dockerignore",
    `--build-arg=NODE_IMAGE=${baseImage}`,
    `--build-arg=SERVICE=${service}`,
    "--build-arg=NPM_FLAGS=--prefer-offline",
    `--volume=${npmCache}:/root/.npm`,
    ...(certificates ? ["--volume=/etc/ssl/certs:/etc/ssl/certs:ro", `--env=NODE_EXTRA_CA_CERTS=${certificates}`] : []),
  ]);
}

/** The image of the committed model family. */
export function buildModels(): string {
  return buildImage("localhost/moodifier/models:test", "models.Dockerfile", ["--build-arg=FAMILY=mini"], "models");
}

/** What an image says of itself. */
export interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly StopSignal: string;
}

export function inspect(image: string): { Config: ImageConfig; Size: number } {
  return (JSON.parse(podman(["image", "inspect", image])) as { Config: ImageConfig; Size: number }[])[0]!;
}

/** The image's file system as a folder. */
export function mount(image: string): string {
  return podman(["image", "mount", image]).trim();
}
