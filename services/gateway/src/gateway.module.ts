import { type DynamicModule, Module } from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import { batchesModule } from "./batches/batches.module.ts";
import { EditsController } from "./edits/edits.controller.ts";
import { EmotionsController } from "./emotions/emotions.controller.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { HealthController } from "./http/health.controller.ts";
import { OpenApiController } from "./http/openapi.controller.ts";
import { ProblemFilter } from "./http/problem-filter.ts";
import { ImagesController } from "./openai/images.controller.ts";
import { PlansController } from "./plans/plans.controller.ts";
import type { Authenticator } from "./tenants/authenticator.ts";
import { tenantsModule } from "./tenants/tenants.module.ts";
import {
  BACKENDS,
  CONFIG,
  DATABASE,
  EDIT_STARTER,
  JOB_STORE,
  LOGGER,
  PLAN_MAKER,
  PLAN_STORE,
  RATE_LIMITS,
  STORAGE,
} from "./tokens.ts";

// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class.
@Module({})
class GatewayModule {}

/** The HTTP side of the gateway as a Nest module; a worker has its health only. */
export function gatewayModule(parts: GatewayParts & { readonly authenticator: Authenticator }): DynamicModule {
  const controllers = [EditsController, ImagesController, PlansController, EmotionsController, OpenApiController];
  const isApi = parts.config.role !== "worker";
  return {
    module: GatewayModule,
    imports: isApi ? [tenantsModule(parts), batchesModule(parts.batches, parts.rates)] : [],
    controllers: [HealthController, ...(isApi ? controllers : [])],
    providers: [
      { provide: CONFIG, useValue: parts.config },
      { provide: LOGGER, useValue: parts.logger },
      { provide: BACKENDS, useValue: parts.backends },
      { provide: DATABASE, useValue: parts.database },
      { provide: STORAGE, useValue: parts.storage },
      { provide: JOB_STORE, useValue: parts.store },
      { provide: PLAN_STORE, useValue: parts.plans },
      { provide: PLAN_MAKER, useValue: parts.planMaker },
      { provide: EDIT_STARTER, useValue: parts.starter },
      { provide: RATE_LIMITS, useValue: parts.rates },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}
