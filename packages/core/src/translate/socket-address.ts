import { create } from "@bufbuild/protobuf";
import { type Address, AddressSchema, SocketAddressSchema } from "@carrick/proto/envoy/config/core/v3/address_pb.js";

/** A TCP address. `::` takes IPv4 connections as well. */
export function socketAddress(address: string, port: number): Address {
  const value = create(SocketAddressSchema, {
    address,
    portSpecifier: { case: "portValue", value: port },
    ipv4Compat: address === "::",
  });
  return create(AddressSchema, { address: { case: "socketAddress", value } });
}
