import { readFileSync } from "node:fs";

const { version: text } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

/** Version of this package, which is that of the whole repository. */
export const version = text;
