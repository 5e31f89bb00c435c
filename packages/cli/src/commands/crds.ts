import { createClient, openAccess } from "@carrick/kube";
import { buildCommand } from "@stricli/core";
import { stringify } from "yaml";
import type { CliContext } from "../context.ts";
import { kubeFailure } from "../credentials/kube-failure.ts";
import { CLUSTER_CRD } from "../crds/cluster-crd.ts";
import { installClusterCrd } from "../crds/install.ts";
import { print } from "../output.ts";
import { documented } from "./documentation.ts";
import { KUBE_FLAGS, type KubeFlags } from "./flags.ts";

interface Flags extends KubeFlags {
  readonly apply: boolean;
}

const SERVED_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 100;

export const crdsCommand = buildCommand<Flags, [], CliContext>({
  docs: documented({
    brief: "Print or install the definition of Carrick's own object, Cluster",
    about: `
Prints the CustomResourceDefinition of carrick.dev/v1 Cluster as YAML, or
installs it with --apply and waits until it is served. Installing again brings
it to this version.`,
    examples: [
      ["carrick crds | kubectl apply -f -", "install with kubectl"],
      ["carrick crds --apply --context paris", "install with the credentials of a context"],
    ],
    exits: { 1: "the API server refuses it", 5: "the API server does not answer" },
  }),
  parameters: {
    flags: {
      apply: { kind: "boolean", default: false, withNegated: false, brief: "Install instead of print" },
      ...KUBE_FLAGS,
      context: { ...KUBE_FLAGS.context, brief: "Context in it, if not the current one" },
    },
  },
  async func(flags) {
    if (!flags.apply) return print(this, [crdText().trimEnd()]);
    const { kubeconfig, context } = flags;
    const access = openAccess({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
    const client = createClient({ access, timeouts: { connectMs: 5000, headersMs: 10_000 } });
    try {
      const pause = (signal: AbortSignal) => this.pause(ASK_EVERY_MS, signal);
      await installClusterCrd(client, pause, AbortSignal.timeout(SERVED_WITHIN_MS));
      print(this, [`${CLUSTER_CRD.metadata.name} is installed (${access.name})`]);
    } catch (error) {
      throw kubeFailure(CLUSTER_CRD.metadata.name, error);
    } finally {
      client.close();
    }
  },
});

/** The definition as YAML. */
export function crdText(): string {
  return stringify(CLUSTER_CRD, { lineWidth: 120, aliasDuplicateObjects: false });
}
