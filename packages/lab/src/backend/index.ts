export { type Answer, readAnswer } from "./answer.ts";
export { type Backend, type BackendOptions, startBackend } from "./backend.ts";
export { BACKEND_READY, runBackend } from "./main.ts";
