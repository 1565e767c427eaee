/** Injection tokens; gateway.module.ts provides the values. */
export const CONFIG = Symbol("config");
export const LOGGER = Symbol("logger");
export const BACKENDS = Symbol("backends");
export const JOB_STORE = Symbol("job-store");
export const JOB_RUNNER = Symbol("job-runner");
