import { REVIEWS, SHOP } from "./manifests.ts";
import type { World } from "./world.ts";

/** What a person can try while the demo stays up. */
export function invitation({ edges, replicas, environment }: World, checkout: string): string {
  const [edge] = edges;
  const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
  return [
    "",
    `It stays up until Ctrl-C. In another terminal, in ${checkout}:`,
    "",
    ...exports,
    `  curl -H 'Host: ${SHOP}' ${edge.url}/            # again and again: london, london, paris`,
    `  curl -H 'Host: ${SHOP}' ${edge.url}${REVIEWS}     # only paris has it`,
    `  curl -H 'Host: host-77.example' ${edge.url}/`,
    "  ./carrick status --watch",
    `  ./carrick explain http://${SHOP}/`,
    "  ./carrick drain paris                            # then ask again",
    "  ./carrick undrain paris",
    "  kubectl --context paris get ingress -A           # describe and delete work too;",
    "                                                   # create and replace need --validate=false",
    `  kill -9 ${replicas[0].process.now.pid}                              # a replica; status goes on at the other`,
    "",
  ].join("\n");
}
