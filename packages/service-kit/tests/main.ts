// The main.ts of a service whose one call takes 500 ms; run by src/run-main.test.ts.
import { z } from "zod";
import { runMain, serviceSettings } from "../src/index.ts";
import { startEditor } from "./editor-server.ts";

await runMain(async (config) => {
  const { server } = await startEditor(
    {
      listMethods: () =>
        new Promise((resolve) => setTimeout(resolve, 500, { methods: [{ name: "moodifier", description: "" }] })),
    },
    { config },
  );
  process.stdout.write(`${server.address}\n`);
  return server;
}, z.object(serviceSettings));
