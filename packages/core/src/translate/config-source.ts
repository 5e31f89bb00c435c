import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from "@carrick/proto/envoy/config/core/v3/config_source_pb.js";

/** From the stream that everything comes by, with Envoy's bound on waiting for it. */
export function ads(): ConfigSource {
  return create(ConfigSourceSchema, {
    resourceApiVersion: ApiVersion.V3,
    configSourceSpecifier: { case: "ads", value: {} },
  });
}

/** The same without a bound: a listener whose routes do not come must not open and answer 404. */
export function patientAds(): ConfigSource {
  const source = ads();
  source.initialFetchTimeout = create(DurationSchema, { seconds: 0n });
  return source;
}
