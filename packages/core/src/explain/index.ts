export { type Call, explainCall } from "./explain-call.ts";
export { explainUrl } from "./explain-url.ts";
export { objectsBehind } from "./objects-behind.ts";
export { serviceReport } from "./service-report.ts";
export { unseenClusters } from "./unseen.ts";
