// Finds PostgreSQL's server programs, for the tests that run on a real one; `install` gets Debian's package when there are none.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

function find() {
  const debian = "/usr/lib/postgresql";
  const folders = [
    ...(existsSync(debian) ? readdirSync(debian).map((version) => path.join(debian, version, "bin")) : []),
    ...(process.env.PATH ?? "").split(path.delimiter),
  ];
  return folders.some((folder) => existsSync(path.join(folder, "initdb")) && existsSync(path.join(folder, "postgres")));
}

/** Throws when there is no PostgreSQL and none can be installed: the tests on it must not pass by not running. */
export function ensurePostgres() {
  if (find()) return;
  const isRoot = process.getuid?.() === 0;
  const apt = (...args) =>
    spawnSync(isRoot ? "apt-get" : "sudo", isRoot ? args : ["-n", "apt-get", ...args], {
      stdio: "inherit",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  console.log("PostgreSQL is missing; installing it with apt-get");
  apt("update", "-q");
  apt("install", "-y", "-q", "--no-install-recommends", "postgresql");
  if (!find()) throw new Error("the tests need PostgreSQL: install it, for example with apt-get install postgresql");
}
