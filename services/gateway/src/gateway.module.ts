import { type DynamicModule, Module } from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import type { Logger } from "@moodifier/service-kit";
import type { Backends } from "./backends/backends.ts";
import type { GatewayConfig } from "./config.ts";
import type { Database } from "./database/database.ts";
import { EditsController } from "./edits/edits.controller.ts";
import { EmotionsController } from "./emotions/emotions.controller.ts";
import { HealthController } from "./http/health.controller.ts";
import { OpenApiController } from "./http/openapi.controller.ts";
import { ProblemFilter } from "./http/problem-filter.ts";
import type { JobRunner } from "./jobs/job-runner.ts";
import type { JobStore } from "./jobs/job-store.ts";
import { PlansController } from "./plans/plans.controller.ts";
import type { Authenticator } from "./tenants/authenticator.ts";
import { tenantsModule } from "./tenants/tenants.module.ts";
import { BACKENDS, CONFIG, JOB_RUNNER, JOB_STORE, LOGGER } from "./tokens.ts";

/** What the controllers stand on; made by start.ts. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly backends: Backends;
  readonly store: JobStore;
  readonly runner: JobRunner;
  readonly database: Database;
  readonly authenticator: Authenticator;
}

// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class.
@Module({})
class GatewayModule {}

/** The HTTP side of the gateway as a Nest module. */
export function gatewayModule(parts: GatewayParts): DynamicModule {
  const { config, logger, backends, store, runner } = parts;
  return {
    module: GatewayModule,
    imports: [tenantsModule(parts)],
    controllers: [EditsController, PlansController, EmotionsController, HealthController, OpenApiController],
    providers: [
      { provide: CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: BACKENDS, useValue: backends },
      { provide: JOB_STORE, useValue: store },
      { provide: JOB_RUNNER, useValue: runner },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}
