import koffi from "koffi";
import type { Finding } from "./needs.ts";

const NEEDED = [1, 1] as const;

/** Loads the library by itself: what needs it cannot be imported where it is missing. */
export function findLibbpf(): Finding {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load("libbpf.so.1");
  } catch (error) {
    return { missing: `libbpf.so.1 cannot be loaded (${error instanceof Error ? error.message : String(error)})` };
  }
  const version = library.func("const char *libbpf_version_string()") as unknown as () => string;
  return judgeVersion(version());
}

/** `text` as in `v1.1`. */
export function judgeVersion(text: string): Finding {
  const [major = 0, minor = 0] = text.replace(/^v/, "").split(".").map(Number);
  const enough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  return enough ? { met: `libbpf ${major}.${minor}` } : { missing: `libbpf ${text} is too old` };
}
