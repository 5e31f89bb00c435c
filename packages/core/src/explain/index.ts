export { explainUrl } from "./explain-url.ts";
export { objectsBehind } from "./objects-behind.ts";
export { unseenClusters } from "./unseen.ts";
