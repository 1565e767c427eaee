/** Injection tokens; gateway.module.ts provides the values. */
export const CONFIG = Symbol("config");
export const LOGGER = Symbol("logger");
export const BACKENDS = Symbol("backends");
export const JOB_STORE = Symbol("job-store");
export const JOB_RUNNER = Symbol("job-runner");
export const AUTHENTICATOR = Symbol("authenticator");
export const KEY_STORE = Symbol("key-store");
export const AUDIT_LOG = Symbol("audit-log");
export const WEBHOOK_STORE = Symbol("webhook-store");
export const WEBHOOK_POLICY = Symbol("webhook-policy");
