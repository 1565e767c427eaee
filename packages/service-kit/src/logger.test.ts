import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

describe("createLogger", () => {
  it("writes no picture, prompt or key, however deep", () => {
    const lines: string[] = [];
    const logger = createLogger({
      service: "clip",
      level: "info",
      destination: { write: (line) => void lines.push(line) },
    });
    logger.debug("not written");
    logger.info(
      {
        request: { image: { data: Buffer.from("PIXELS") }, target_prompt: "PROMPT", texts: ["PROMPT"], steps: 8 },
        mask: new Uint8Array(5),
        apiKey: "KEY",
        dims: [1, 4],
      },
      "edit",
    );
    expect(lines).toHaveLength(1);
    const line = lines[0] ?? "";
    expect(line).not.toMatch(/PIXELS|PROMPT|KEY/);
    expect(JSON.parse(line)).toMatchObject({
      level: "info",
      service: "clip",
      msg: "edit",
      dims: [1, 4],
      mask: "[5 bytes]",
      apiKey: "[3 characters]",
      request: { steps: 8, image: "[removed]", target_prompt: "[6 characters]" },
    });
  });
});
