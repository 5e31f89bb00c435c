/** BPF_PROG_TEST_RUN: a program runs on a packet that nobody sent. */
import koffi from "koffi";
import { TestRunOptions } from "./abi.ts";
import type { Program } from "./bpf-object.ts";
import { checked, libbpf } from "./libbpf.ts";

/** `struct __sk_buff` of the kernel that this was written for; a newer one takes it and fills the rest with zeros. */
const SkBuff = koffi.struct("carrick_sk_buff", {
  len: "uint32_t",
  pkt_type: "uint32_t",
  mark: "uint32_t",
  queue_mapping: "uint32_t",
  protocol: "uint32_t",
  vlan_present: "uint32_t",
  vlan_tci: "uint32_t",
  vlan_proto: "uint32_t",
  priority: "uint32_t",
  ingress_ifindex: "uint32_t",
  ifindex: "uint32_t",
});

/** What a tc program answers to a frame that comes by the interface, which has to exist. Throws `SystemError`. */
export function runOnFrame(program: Program, frame: Uint8Array, ifindex: number): number {
  const context = Buffer.alloc(koffi.sizeof(SkBuff));
  koffi.encode(context, SkBuff, { ifindex });
  const options = {
    sz: koffi.sizeof(TestRunOptions),
    data_in: frame,
    data_size_in: frame.length,
    ctx_in: context,
    ctx_size_in: context.length,
    repeat: 1,
    retval: 0,
  };
  checked(`run ${program.name} on a frame`, libbpf.testRun(program.fd, options));
  return options.retval;
}
