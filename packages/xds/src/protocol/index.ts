export {
  DEFAULT_LIMITS,
  type DeltaRequest,
  type DeltaResponse,
  LimitError,
  type Limits,
  type Rejection,
  type Verdict,
} from "./message.ts";
export type { Resource, Source, TypeUrl, View, ViewListener } from "./resource.ts";
export { ALL_RULES, type Rules } from "./rules.ts";
export { Sequencer, type SequencerOptions, type TypeState } from "./sequencer.ts";
export * from "./type-url.ts";
