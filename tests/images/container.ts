import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect, mount } from "./engine.ts";

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Started images, by their process, with their root file systems. */
export const running: { child: ChildProcess; view: string }[] = [];

/**
 * Starts an image's command as its user in its own root file system, read-only but for /tmp: what a container does, less the namespaces. `models` is
 * the folder that it sees as /models.
 */
export function startImage(image: string, environment: Readonly<Record<string, string>>, models: string): ChildProcess {
  const { Config } = inspect(image);
  const tree = mount(image);
  const temporary = mkdtempSync(path.join(tmpdir(), "moodifier-image-"));
  const view = path.join(temporary, "root");
  for (const folder of ["root", "upper", "work"]) mkdirSync(path.join(temporary, folder));
  const overlay = `lowerdir=${tree},upperdir=${path.join(temporary, "upper")},workdir=${path.join(temporary, "work")}`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", overlay, view]);
  for (const folder of ["models", "proc", "tmp"]) mkdirSync(path.join(view, folder), { recursive: true });
  execFileSync("mount", ["-o", "remount,ro", view]);
  execFileSync("mount", ["--bind", models, path.join(view, "models")]);
  execFileSync("mount", ["-t", "proc", "proc", path.join(view, "proc")]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", path.join(view, "tmp")]);
  const env = {
    PATH: searchPath,
    ...Object.fromEntries(Config.Env.map((entry) => entry.split(/=(.*)/s, 2))),
    ...environment,
  };
  const user = ["--reuid=65532", "--regid=65532", "--clear-groups", "--no-new-privs", "--bounding-set=-all"];
  const inside = ["setpriv", ...user, "--", ...Config.Entrypoint];
  const child = spawn("chroot", [view, ...inside], { env, stdio: ["ignore", "inherit", "pipe"] });
  child.stderr!.pipe(process.stderr, { end: false });
  running.push({ child, view });
  return child;
}

/** Ends what runs and takes its file systems away. */
export function clearContainers(): void {
  for (const { child, view } of running.splice(0)) {
    child.kill("SIGKILL");
    for (const at of ["models", "proc", "tmp", "."]) execFileSync("umount", ["--lazy", path.join(view, at)]);
  }
}

/** The exit code of a child that was just started, and what it wrote to standard error. */
export async function endOf(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = "";
  child.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, said };
}
