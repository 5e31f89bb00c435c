export { addressNumber, addressRange, addressText, familyOf, IpamError } from "./address-range.ts";
export type { AddressRange, Family } from "./address-range.ts";
export { ExhaustedError, Ipam } from "./ipam.ts";
export type { Attachment, IpamOptions } from "./ipam.ts";
export { attachmentKey } from "./lease.ts";
export type { AttachmentKey, Owner, Pod } from "./lease.ts";
