import { readFile } from "node:fs/promises";
import { Controller, Get, Res } from "@nestjs/common";
import type { Response } from "express";
import { Public } from "../tenants/needs.ts";

/** Written by `npm run openapi`; a test compares it with the code. */
const documentUrl = new URL("../../openapi.json", import.meta.url);

/** `/openapi.json`. */
@Public()
@Controller()
export class OpenApiController {
  @Get("openapi.json")
  async read(@Res() response: Response): Promise<void> {
    response.type("application/json").send(await readFile(documentUrl));
  }
}
