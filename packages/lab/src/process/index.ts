export { freePort } from "./free-port.ts";
export { type Program, type ProgramOptions, startProgram } from "./program.ts";
export { type Life, Restartable } from "./restartable.ts";
export { type Exit, ProcessError, spawnTied, type TiedChild } from "./tied-child.ts";
