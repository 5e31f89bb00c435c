/** Reading a refusal: whom it blames, and what of it may be shown. */

const MAX_SHOWN = 512;
const MAX_SEARCHED = 65_536;
/** Characters compared for one refusal: names times length of the message. */
const MAX_WORK = 64 * 1024 * 1024;

/**
 * The message without the text of the resource. Envoy's validation prints the whole message that it refused,
 * inline keys included.
 */
export function shownMessage(message: string): string {
  const text = message
    .slice(0, MAX_SEARCHED)
    .replace(/(Proto constraint validation failed \([^\n]*?\)):[\s\S]*$/, "$1")
    .replace(/-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)/g, "[redacted]")
    .replace(/((?:inline_string|inline_bytes|private_key|password)\s*[:{]\s*)("(?:[^"\\]|\\.)*"?|\S+)/g, "$1[redacted]")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

/**
 * Names of a refused response that its message mentions. A hint only: they are tried alone first,
 * and only a refusal of a resource that travelled alone parks it.
 */
export function blamed(message: string, names: ReadonlyMap<string, unknown>): Set<string> {
  const text = message.slice(0, Math.min(MAX_SEARCHED, Math.floor(MAX_WORK / (names.size + 1))));
  const found = new Set<string>();
  for (const name of names.keys()) if (name !== "" && text.includes(name)) found.add(name);
  return found;
}
