import { printable } from "@carrick/core/report";

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function endpointText({ address, port }: { readonly address: string; readonly port: number }): string {
  return printable(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
}
