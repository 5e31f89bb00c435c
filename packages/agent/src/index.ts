/** What other packages may use of the agent. */
export type {} from "@carrick/core/model";
