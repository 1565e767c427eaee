// The main.ts of a service whose one call takes 500 ms; run by src/run-main.test.ts.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { runMain, serviceSettings } from "../src/index.ts";
import { startEditor } from "./editor-server.ts";

await runMain(
  async (config) => {
    const { server } = await startEditor(
      {
        listMethods: async () => {
          process.stdout.write("called\n");
          await sleep(500);
          return { methods: [{ name: "moodifier", description: "" }] };
        },
      },
      { config },
    );
    process.stdout.write(`${server.address}\n`);
    return server;
  },
  z.object(serviceSettings),
  "editor",
);
