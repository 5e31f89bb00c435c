export { freePort } from "./free-port.ts";
export { type Program, type ProgramOptions, startProgram } from "./program.ts";
export { type Life, Restartable } from "./restartable.ts";
export { type Exit, ProcessError, type ProcessPlace, spawnTied, type TiedChild } from "./tied-child.ts";
