import type { IngestRules } from "@carrick/core/ingest";
import type { Config } from "../config/schema.ts";
import { checkPair } from "./check-pair.ts";

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** What ingesting objects needs of this process and its configuration. */
export function ingestRules({ endpoints }: Pick<Config, "endpoints">): IngestRules {
  return {
    allowLoopback: endpoints.allowLoopback,
    checkPair,
    decodeBase64: (text) => {
      const packed = text.replaceAll(/\s/g, "");
      return BASE64.test(packed) && packed.length % 4 === 0
        ? Buffer.from(packed, "base64").toString("utf8")
        : undefined;
    },
  };
}
