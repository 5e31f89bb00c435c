/**
 * Given addresses on disk, one file each: the file's name is the address, its content the lease. A file appears, changes
 * and goes as a whole, so a process that is killed leaves every address given or not given. The folder lies on a tmpfs:
 * network namespaces do not outlive the machine either.
 */
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressNumber, addressText, type Family, familyOf, IpamError } from "./address-range.ts";
import { decodeLease, encodeLease, type Lease } from "./lease.ts";

/** No lease is larger; a larger file is not read. */
const MAX_FILE = 16 * 1024;
/** Files that are not leases begin with a dot. */
const UNFINISHED = ".new-";

export interface FoundLeases {
  readonly leases: ReadonlyMap<string, Lease>;
  /** Addresses whose files cannot be understood: held by nobody knows whom. */
  readonly unknown: readonly string[];
  /** Names of files that do not belong here. */
  readonly foreign: readonly string[];
}

export class LeaseFolder {
  readonly path: string;
  #unfinished = 0;

  /** Throws `IpamError` when it cannot be made. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new IpamError(`${path}: the folder of given addresses cannot be made (${reason(error)}); check the path`, {
        cause: error,
      });
    }
  }

  /** Removes what a killed process had not finished, and reads the rest. Throws `IpamError`. */
  read(): FoundLeases {
    const leases = new Map<string, Lease>();
    const unknown: string[] = [];
    const foreign: string[] = [];
    try {
      for (const name of readdirSync(this.path)) {
        if (name.startsWith(UNFINISHED)) rmSync(join(this.path, name), { force: true });
        else if (!name.startsWith(".")) {
          if (!isAddress(name)) foreign.push(name);
          else {
            const lease = this.#lease(name);
            if (lease === undefined) unknown.push(name);
            else leases.set(name, lease);
          }
        }
      }
    } catch (error) {
      throw new IpamError(`${this.path}: given addresses cannot be read (${reason(error)}); check the folder`, {
        cause: error,
      });
    }
    return { leases, unknown, foreign };
  }

  /** False when the address is given already, even by another process. */
  create(address: string, lease: Lease): boolean {
    const unfinished = this.#write(encodeLease(lease));
    try {
      linkSync(unfinished, join(this.path, address));
      return true;
    } catch (error) {
      if (code(error) === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(unfinished, { force: true });
    }
  }

  replace(address: string, lease: Lease): void {
    renameSync(this.#write(encodeLease(lease)), join(this.path, address));
  }

  remove(address: string): void {
    rmSync(join(this.path, address), { force: true });
  }

  /** The address that was given last, or nothing. */
  last(family: Family): string | undefined {
    try {
      const address = readFileSync(join(this.path, `.last-v${family}`), "utf8");
      return familyOf(address) === family ? address : undefined;
    } catch {
      // Without it the search begins at the first address: some rest less, none is given twice.
      return undefined;
    }
  }

  setLast(family: Family, address: string): void {
    renameSync(this.#write(address), join(this.path, `.last-v${family}`));
  }

  #lease(address: string): Lease | undefined {
    const file = join(this.path, address);
    const stat = statSync(file);
    return stat.isFile() && stat.size <= MAX_FILE ? decodeLease(readFileSync(file, "utf8")) : undefined;
  }

  #write(content: string): string {
    const path = join(this.path, `${UNFINISHED}${process.pid}-${this.#unfinished++}`);
    writeFileSync(path, content, { mode: 0o600, flag: "wx" });
    return path;
  }
}

/** In its canonical text: another would be a second file for the same address. */
function isAddress(name: string): boolean {
  const family = familyOf(name);
  return family !== undefined && addressText(addressNumber(name, family), family) === name;
}

function code(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
