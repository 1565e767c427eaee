import { type DynamicModule, Module } from "@nestjs/common";
import { APP_GUARD, APP_INTERCEPTOR } from "@nestjs/core";
import type { AddressPolicy, Logger } from "@moodifier/service-kit";
import { AuditController } from "../audit/audit.controller.ts";
import { AuditInterceptor } from "../audit/audit-interceptor.ts";
import { AuditLog } from "../audit/audit-log.ts";
import type { GatewayConfig } from "../config.ts";
import type { Database } from "../database/database.ts";
import { KeysController } from "../keys/keys.controller.ts";
import { KeyStore } from "../keys/key-store.ts";
import { AUDIT_LOG, AUTHENTICATOR, KEY_STORE, LOGGER, WEBHOOK_POLICY, WEBHOOK_STORE } from "../tokens.ts";
import { WebhooksController } from "../webhooks/webhooks.controller.ts";
import { RETRY_DELAYS_MS } from "../webhooks/retry-schedule.ts";
import { WebhookSender } from "../webhooks/webhook-sender.ts";
import { WebhookService } from "../webhooks/webhook.service.ts";
import { WebhookStore } from "../webhooks/webhook-store.ts";
import type { GatewayMetrics } from "../telemetry/gateway-metrics.ts";
import type { Authenticator } from "./authenticator.ts";
import { IdentityGuard } from "./identity-guard.ts";

export interface TenantParts {
  readonly config: Pick<GatewayConfig, "webhookNetworks">;
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
  readonly gatewayMetrics: Pick<GatewayMetrics, "webhookDeliveries">;
}

// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class.
@Module({})
class TenantsModule {}

/** Who may do what: the guard before every route of the application, the audit log, and the keys. */
export function tenantsModule(parts: TenantParts): DynamicModule {
  const { config, database, authenticator, logger, gatewayMetrics } = parts;
  const policy: AddressPolicy = { allowNetworks: config.webhookNetworks };
  const store = new WebhookStore(database);
  const sender = new WebhookSender(database, {
    delaysMs: RETRY_DELAYS_MS,
    policy,
    logger,
    onResult: (result) => gatewayMetrics.webhookDeliveries.inc({ result }),
  });
  return {
    module: TenantsModule,
    controllers: [KeysController, AuditController, WebhooksController],
    providers: [
      { provide: LOGGER, useValue: logger },
      { provide: AUTHENTICATOR, useValue: authenticator },
      { provide: KEY_STORE, useValue: new KeyStore(database) },
      { provide: WEBHOOK_STORE, useValue: store },
      { provide: WEBHOOK_POLICY, useValue: policy },
      { provide: WebhookService, useFactory: () => new WebhookService(sender, store, logger) },
      { provide: AUDIT_LOG, useValue: new AuditLog(database) },
      { provide: APP_GUARD, useClass: IdentityGuard },
      { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
    ],
  };
}
