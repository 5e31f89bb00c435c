import { AccessError } from "./access-error.ts";
import { certificateEnd } from "./client-certificate.ts";
import type { Clock } from "./clock.ts";
import { type ExecCluster, type ExecCredential, runExecPlugin } from "./exec-plugin.ts";
import type { ExecSpec } from "./kubeconfig.ts";

/** A plugin that fails, or whose credential is refused, is not run more often than this. */
const leastMs = 5_000;

interface Run {
  readonly of: string;
  readonly at: number;
  readonly outcome: ExecCredential | AccessError;
}

/** The credential of an exec plugin, kept until it expires or is refused. */
export class PluginCredential {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #last: Run | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs the plugin if what it gave last does not hold any more; `refused` if the server has just refused that. */
  async get(spec: ExecSpec, cluster: ExecCluster, refused: boolean): Promise<ExecCredential> {
    const of = JSON.stringify([spec, cluster]);
    if (this.#last?.of !== of || this.#isOver(this.#last, refused)) {
      const outcome = await this.#run(spec, cluster);
      this.#last = { of, at: this.#clock.now(), outcome };
    }
    const { outcome } = this.#last;
    if (outcome instanceof AccessError) throw outcome;
    return outcome;
  }

  #isOver({ at, outcome }: Run, refused: boolean): boolean {
    const now = this.#clock.now();
    if (now - at < leastMs) return false;
    return refused || outcome instanceof AccessError || now >= (outcome.expires ?? Infinity);
  }

  async #run(spec: ExecSpec, cluster: ExecCluster): Promise<ExecCredential | AccessError> {
    try {
      const credential = await runExecPlugin(spec, cluster, this.#timeoutMs);
      const { certificate, expires } = credential;
      if (certificate === undefined) return credential;
      const ends = certificateEnd(certificate, spec.command);
      return { ...credential, expires: Math.min(expires ?? Infinity, ends) };
    } catch (error) {
      if (error instanceof AccessError) return error;
      throw error;
    }
  }
}
