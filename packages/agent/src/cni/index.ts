export { CniCode, CniError } from "./cni-error.ts";
export { type Node, prepareNode } from "./node.ts";
export { CniPlugin, type CniPluginOptions } from "./plugin.ts";
export { podAttachment } from "./pod-links.ts";
export type { PodAttachment, PodNetwork } from "./pod-network.ts";
export { type CniServer, CniServerError, type CniServerOptions, startCniServer } from "./server.ts";
