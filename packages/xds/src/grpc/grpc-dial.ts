/** A gRPC stream to a server, on a connection of its own. */
import { Client, credentials, status } from "@grpc/grpc-js";
import { dialSentence } from "./dial-sentence.ts";
import type { TlsMaterial } from "./tls-material.ts";
import { checkedContext } from "./tls-material.ts";
import type { MessageStream, StreamListener, StreamStatus } from "./message-stream.ts";
import { peerOfCertificate } from "./peer-name.ts";
import type { ListenAddress } from "./tls-listener.ts";

export interface GrpcDialOptions {
  readonly server: ListenAddress;
  readonly method: string;
  /** Trust domain; the server's certificate must name a controller of it. */
  readonly domain: string;
  /** The cluster whose controller it must be; any when not given. */
  readonly cluster?: string | undefined;
  readonly tls: TlsMaterial;
  /** Bytes of one message. */
  readonly messageBytes: number;
  readonly keepalive: { readonly everyMs: number; readonly timeoutMs: number };
}

/** Opens a stream; `listener.ended` tells when it could not be opened. Throws `XdsError` on material of no use. */
export function dialGrpc(options: GrpcDialOptions, listener: StreamListener): MessageStream {
  const { certificate, key, authority } = options.tls;
  checkedContext(options.tls);
  const { address, port } = options.server;
  const target = address.includes(":") ? `ipv6:[${address}]:${port}` : `ipv4:${address}:${port}`;
  const secure = credentials.createSsl(Buffer.from(authority), Buffer.from(key), Buffer.from(certificate), {
    checkServerIdentity: (_host, { subjectaltname }) => {
      const peer = peerOfCertificate(subjectaltname, options.domain);
      if ("refused" in peer) return new Error(`the server: ${peer.refused}`);
      if (peer.role !== "controller") return new Error(`${peer.uri} is no controller; connect to one`);
      const { cluster = peer.cluster } = options;
      return peer.cluster === cluster
        ? undefined
        : new Error(`${peer.uri} is not of cluster ${cluster}; connect to one of its own`);
    },
  });
  const client = new Client(target, secure, {
    "grpc.max_receive_message_length": options.messageBytes,
    "grpc.keepalive_time_ms": options.keepalive.everyMs,
    "grpc.keepalive_timeout_ms": options.keepalive.timeoutMs,
    // Addresses may not be server names (RFC 6066 §3); the server is known by its URI instead.
    "grpc.ssl_target_name_override": options.domain,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
  });
  const same = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(options.method, same, same);
  let queued = 0;
  let over = false;
  const ended = (cause: "closed" | "remote", message: string): void => {
    if (over) return;
    over = true;
    client.close();
    listener.ended({ cause, message });
  };
  call.on("data", (bytes: Buffer) => {
    if (!over) listener.message(bytes);
  });
  // `status` follows in any case and says the same.
  call.on("error", () => {});
  call.on("status", ({ code, details }) => ended("remote", `${status[code]}: ${dialSentence(details)}`));
  return {
    remote: `${address}:${port}`,
    get queuedBytes() {
      return queued;
    },
    write: (message) => {
      if (over) return false;
      queued += message.byteLength;
      call.write(Buffer.from(message.buffer, message.byteOffset, message.byteLength), () => {
        queued -= message.byteLength;
        if (queued === 0 && !over) listener.drained();
      });
      return queued === message.byteLength;
    },
    close: (_status: StreamStatus, message) => {
      call.cancel();
      ended("closed", message);
    },
  };
}
