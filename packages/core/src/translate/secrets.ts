import { create } from "@bufbuild/protobuf";
import { SecretSchema } from "@carrick/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { ChainRow, EdgeEnvironment, Fleet } from "../derive/index.ts";
import type { Tables } from "../model/index.ts";
import type { Store, Table } from "../store/index.ts";
import { encode, resource, type ResourceRow, sameResource } from "./resource.ts";

/** The certificate of each filter chain, under the chain's name. */
export function secretResources(
  store: Store,
  tables: Tables,
  chains: Table<ChainRow>,
  fleet: Fleet,
  env: EdgeEnvironment,
): Table<ResourceRow> {
  return store.view<ChainRow, ResourceRow>(
    `${fleet.name}/SDS`,
    chains,
    ({ chain, secret }, _key, read) => {
      const row = read.get(tables.Secret, secret);
      if (row === undefined || row.certificate === "") return [];
      const message = create(SecretSchema, {
        name: chain,
        type: {
          case: "tlsCertificate",
          value: {
            certificateChain: { specifier: { case: "inlineString", value: row.certificate } },
            privateKey: { specifier: { case: "inlineString", value: row.key.reveal() } },
          },
        },
      });
      return [[chain, resource(chain, encode(SecretSchema, message), false, env)]];
    },
    sameResource,
  );
}
