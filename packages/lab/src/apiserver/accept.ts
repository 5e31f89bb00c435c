/** Which form of an answer the client takes: the first in its Accept header that this server has. */
import { ApiError } from "./api-error.ts";

export type Form = "object" | "table" | "discovery";

const TABLE_VERSIONS = ["v1", "v1beta1"];

/** Throws an `ApiError` with code 406. */
export function acceptedForm(header: string | undefined): Form {
  if (header === undefined || header.trim() === "") return "object";
  for (const range of header.split(",")) {
    const [type = "", ...rest] = range.split(";").map((part) => part.trim());
    if (type !== "application/json" && type !== "application/*" && type !== "*/*") continue;
    const parameters = new Map(rest.map((part) => part.split("=", 2) as [string, string]));
    const as = parameters.get("as");
    const version = parameters.get("v") ?? "v1";
    if (as === undefined) return "object";
    if (as === "Table" && TABLE_VERSIONS.includes(version)) return "table";
    if (as === "APIGroupDiscoveryList" && version === "v2") return "discovery";
  }
  throw new ApiError(
    406,
    "only the following media types are accepted: application/json, application/json;as=Table;v=v1",
  );
}
