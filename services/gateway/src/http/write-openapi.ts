// Writes openapi.json. Run it by `npm run openapi -w @moodifier/gateway` after a build.
import { writeFileSync } from "node:fs";
import { buildOpenApi } from "./openapi.ts";

writeFileSync(new URL("../../openapi.json", import.meta.url), `${JSON.stringify(buildOpenApi(), null, 2)}\n`);
