/** Flags that several commands share. */

const text = (input: string): string => input;

/** How to reach a controller. */
export interface ControllerFlags {
  readonly controller?: readonly string[];
  readonly certificate?: string;
  readonly key?: string;
  readonly authority?: string;
}

export const CONTROLLER_FLAGS = {
  controller: {
    kind: "parsed",
    parse: text,
    variadic: ",",
    optional: true,
    placeholder: "url",
    brief: "Controllers to ask (CARRICK_CONTROLLER)",
  },
  certificate: {
    kind: "parsed",
    parse: text,
    optional: true,
    placeholder: "file",
    brief: "Operator's certificate (CARRICK_CERTIFICATE)",
  },
  key: {
    kind: "parsed",
    parse: text,
    optional: true,
    placeholder: "file",
    brief: "Its key (CARRICK_KEY)",
  },
  authority: {
    kind: "parsed",
    parse: text,
    optional: true,
    placeholder: "file",
    brief: "Authority of the controllers (CARRICK_AUTHORITY)",
  },
} as const;

export type Output = "table" | "json";

export const OUTPUT_FLAG = {
  kind: "enum",
  values: ["table", "json"],
  default: "table",
  brief: "Form of the output",
} as const;

/** The operator's credentials for an API server. */
export interface KubeFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
}

export const KUBE_FLAGS = {
  kubeconfig: {
    kind: "parsed",
    parse: text,
    optional: true,
    placeholder: "file",
    brief: "Kubeconfig with your credentials (KUBECONFIG)",
  },
  context: {
    kind: "parsed",
    parse: text,
    optional: true,
    placeholder: "name",
    brief: "Context in it, if not named like the cluster",
  },
} as const;

/** The socket of the agent of the node on which this runs. */
export const AGENT_FLAG = {
  kind: "parsed",
  parse: text,
  optional: true,
  placeholder: "socket",
  brief: "Agent of this node: inspect.sock of its runDir",
} as const;

/** A flag that takes one text. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: "parsed", parse: text, placeholder, brief } as const;
}

export function optionalTextFlag(placeholder: string, brief: string) {
  return { ...textFlag(placeholder, brief), optional: true } as const;
}
