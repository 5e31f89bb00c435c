export { explainUrl } from "./explain-url.ts";
