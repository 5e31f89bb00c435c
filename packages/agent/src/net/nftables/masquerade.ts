/** The table `carrick` of nftables: set once, when the agent starts. */
import { type Masquerade, masqueradeRuleset, removalRuleset } from "./masquerade-ruleset.ts";
import { applyRuleset } from "./nft.ts";

/**
 * Sets the rules in one transaction: nothing is translated wrongly meanwhile, and connections that are translated
 * already stay so. They survive this process. In its network namespace, or in `namespace` (a path). Throws `NftError`,
 * `AddressError`.
 */
export async function installMasquerade(masquerade: Masquerade, namespace?: string): Promise<void> {
  await applyRuleset("set the rules for masquerading", masqueradeRuleset(masquerade), namespace);
}

/** Only for `uninstall`; harmless when there are none. Throws `NftError`. */
export async function removeMasquerade(namespace?: string): Promise<void> {
  await applyRuleset("remove the rules for masquerading", removalRuleset(), namespace);
}
