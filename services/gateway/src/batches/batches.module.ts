import { type DynamicModule, Module } from "@nestjs/common";
import { UploadsController } from "../sources/uploads.controller.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import { BATCHES, RATE_LIMITS, STORAGE, UPLOAD_STORE } from "../tokens.ts";
import type { Batches } from "./batches.ts";
import { BatchesController } from "./batches.controller.ts";

// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class.
@Module({})
class BatchesModule {}

/** The HTTP side of batches and uploads. */
export function batchesModule(batches: Batches, rates: RateLimits): DynamicModule {
  return {
    module: BatchesModule,
    controllers: [BatchesController, UploadsController],
    providers: [
      { provide: BATCHES, useValue: batches },
      { provide: RATE_LIMITS, useValue: rates },
      { provide: STORAGE, useValue: batches.storage },
      { provide: UPLOAD_STORE, useValue: batches.uploads },
    ],
  };
}
