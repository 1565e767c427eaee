/** What the command line reads from the gateway's answers, as the SDK generates it. */
export type { Edit, Plan, PlanSummary, Problem, ProgressEvent, Warning } from "@moodifier/sdk";
export { FINAL_STATUSES as finalStatuses } from "@moodifier/sdk";
