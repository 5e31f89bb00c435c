import type { MeshWorld } from "./world.ts";

/** What a person can try while the mesh stays up. */
export function invitation({ run, london, edge }: MeshWorld, checkout: string): string {
  const { address, host } = edge.question;
  const at = `--run ${run}`;
  return [
    "",
    `The mesh stays up until Ctrl-C. In another terminal, as root, in ${checkout}:`,
    "",
    `  ./carrick lab status ${at}`,
    `  ./carrick lab exec ${at} client -- curl -H 'Host: ${host}' http://${address}/     # again and again`,
    `  ./carrick lab exec ${at} london/cp -- ./carrick status`,
    `  ./carrick lab exec ${at} london/cp -- ./carrick service shop/cart        # what nodes serve`,
    `  ./carrick lab cut ${at} paris                                            # then \`heal\``,
    `  kill -9 ${london.nodes[0]!.agent.now.pid}${" ".repeat(9)}# an agent: connections go on`,
    "",
  ].join("\n");
}
