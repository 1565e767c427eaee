import { type DynamicModule, Module } from "@nestjs/common";
import { APP_GUARD, APP_INTERCEPTOR } from "@nestjs/core";
import type { Logger } from "@moodifier/service-kit";
import { AuditController } from "../audit/audit.controller.ts";
import { AuditInterceptor } from "../audit/audit-interceptor.ts";
import { AuditLog } from "../audit/audit-log.ts";
import type { Database } from "../database/database.ts";
import { KeysController } from "../keys/keys.controller.ts";
import { KeyStore } from "../keys/key-store.ts";
import { AUDIT_LOG, AUTHENTICATOR, KEY_STORE, LOGGER } from "../tokens.ts";
import type { Authenticator } from "./authenticator.ts";
import { IdentityGuard } from "./identity-guard.ts";

export interface TenantParts {
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly logger: Logger;
}

// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class.
@Module({})
class TenantsModule {}

/** Who may do what: the guard before every route of the application, the audit log, and the keys. */
export function tenantsModule({ database, authenticator, logger }: TenantParts): DynamicModule {
  return {
    module: TenantsModule,
    controllers: [KeysController, AuditController],
    providers: [
      { provide: LOGGER, useValue: logger },
      { provide: AUTHENTICATOR, useValue: authenticator },
      { provide: KEY_STORE, useValue: new KeyStore(database) },
      { provide: AUDIT_LOG, useValue: new AuditLog(database) },
      { provide: APP_GUARD, useClass: IdentityGuard },
      { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
    ],
  };
}
