/** What a runtime is told of an operation that failed, whatever was thrown. */
import { ExhaustedError } from "../ipam/index.ts";
import { CniCode, CniError, encodeError } from "./cni-error.ts";
import type { Answer, Question } from "./frame.ts";
import { versionOf } from "./network-config.ts";
import { commandOf } from "./request.ts";
import { QueueFullError } from "./serial-queues.ts";
import { NEWEST } from "./version.ts";

export function failureAnswer(error: unknown, question: Question): Answer {
  return { ok: false, text: encodeError(asCniError(error), versionIn(question)) };
}

/** Whether it is enough that the runtime is told: anything else is for the operator of the node too. */
export function isExpected(error: unknown): boolean {
  return error instanceof CniError || passes(error);
}

function passes(error: unknown): error is Error {
  return error instanceof ExhaustedError || error instanceof QueueFullError;
}

function asCniError(error: unknown): unknown {
  return passes(error) ? new CniError(CniCode.tryLater, error.message, { cause: error }) : error;
}

/** The runtime's, where it can be read. */
function versionIn(question: Question): string {
  try {
    return versionOf(question.input, commandOf(question)) ?? NEWEST;
  } catch {
    return NEWEST;
  }
}
