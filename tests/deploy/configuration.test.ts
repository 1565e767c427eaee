import { expect, it } from "vitest";
import { writeConfiguration } from "./configuration.ts";

it("docs/configuration.md says what the schemas say; else run `npx vitest run tests/deploy/configuration.test.ts --update`", async () => {
  await expect(writeConfiguration()).toMatchFileSnapshot("../../docs/configuration.md");
});
