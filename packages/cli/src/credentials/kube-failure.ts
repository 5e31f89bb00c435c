import { AccessError, KubeError } from "@carrick/kube";
import { CommandError, EXIT } from "../exit-code.ts";

/** Turns what a request to an API server threw into the sentence and the exit code of a command. */
export function kubeFailure(cluster: string, error: unknown): unknown {
  if (error instanceof AccessError)
    return new CommandError(EXIT.usage, `${cluster}: ${error.message}`, { cause: error });
  if (!(error instanceof KubeError)) return error;
  return new CommandError(exitOf(error), `${cluster}: ${error.message}`, { cause: error });
}

function exitOf({ status, reason }: KubeError): number {
  if (reason === "Credentials" || status === 401) return EXIT.usage;
  return status === 0 ? EXIT.unanswered : EXIT.wrong;
}
