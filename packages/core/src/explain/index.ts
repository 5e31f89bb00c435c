export { explainUrl } from "./explain-url.ts";
export { objectsBehind } from "./objects-behind.ts";
