/** Injection tokens; gateway.module.ts provides the values. */
export const CONFIG = Symbol("config");
export const LOGGER = Symbol("logger");
export const BACKENDS = Symbol("backends");
export const JOB_STORE = Symbol("job-store");
export const AUTHENTICATOR = Symbol("authenticator");
export const KEY_STORE = Symbol("key-store");
export const AUDIT_LOG = Symbol("audit-log");
export const WEBHOOK_STORE = Symbol("webhook-store");
export const WEBHOOK_POLICY = Symbol("webhook-policy");
export const BATCHES = Symbol("batches");
export const UPLOAD_STORE = Symbol("upload-store");
export const STORAGE = Symbol("storage");
export const PLAN_STORE = Symbol("plan-store");
export const EDIT_STARTER = Symbol("edit-starter");
export const RATE_LIMITS = Symbol("rate-limits");
export const PLAN_MAKER = Symbol("plan-maker");
export const DATABASE = Symbol("database");
