import type { Command } from "commander";
import { requestJson, toForm } from "../server/api.ts";
import type { Plan, PlanSummary } from "../server/api-types.ts";
import { type ServerOptions, withServer } from "../server/with-server.ts";
import { checkOutput, readInput, writeOutput } from "./files.ts";
import { addPlanOptions, addServerOptions, type PlanOptions, printWarnings } from "./options.ts";

interface Options extends PlanOptions, ServerOptions {
  readonly overlay?: string;
  readonly json?: boolean;
}

/** `moodifier plan`. */
export function addPlanCommand(program: Command): void {
  const command = program.command("plan").description("show how an edit would go, without making it");
  addServerOptions(
    addPlanOptions(command)
      .option("--overlay <file.png>", "the picture with the plan's mask and boxes drawn over it")
      .option("--json", "print the plan as JSON"),
  ).action(plan);
}

async function plan(input: string, options: Options): Promise<void> {
  await checkOutput("--overlay", options.overlay, [".png"]);
  const { emotion, intensity, region, category, mask, overlay } = options;
  const fields = { emotion, intensity, region, category, overlay: overlay === undefined ? undefined : "true" };
  const files = {
    image: await readInput("IN", input),
    mask: mask === undefined ? undefined : await readInput("--mask", mask),
  };
  await withServer(options, async (server, signal) => {
    const body = toForm(fields, files);
    const answer = await requestJson<Plan>(`${server.url}/v1/plans`, { method: "POST", body, signal });
    if (overlay !== undefined && answer.overlay) {
      await writeOutput(overlay, Buffer.from(answer.overlay.data, "base64"));
    }
    printWarnings(answer.warnings);
    process.stdout.write(options.json ? `${JSON.stringify(answer.plan, null, 2)}\n` : describe(answer.plan));
  });
}

function describe(summary: PlanSummary): string {
  const regions = summary.regions.map(({ label, box, confidence }) => {
    const place = box ? box.map((edge) => edge.toFixed(2)).join(" ") : "anywhere";
    return `  ${label.padEnd(12)} ${place}  confidence ${confidence.toFixed(2)}`;
  });
  return [
    `emotion    ${summary.emotion} at ${summary.intensity}`,
    `category   ${summary.category}`,
    `kind       ${summary.kind}`,
    `source     ${summary.source_caption}`,
    `target     ${summary.target_prompt}`,
    `mask       ${summary.mask_source}`,
    "regions    (left top right bottom, fractions of the picture)",
    ...regions,
    "",
  ].join("\n");
}
