export type { Group } from "./groups.ts";
export type { Term } from "./postings.ts";
export type { Read, Reader } from "./reads.ts";
export { same } from "./same.ts";
export { type Failure, Store } from "./store.ts";
export { type Base, type Change, type Index, index, type SinkFunction, type Table } from "./table.ts";
export type { RowsFunction } from "./view.ts";
