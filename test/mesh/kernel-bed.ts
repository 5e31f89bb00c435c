/** Two clusters in the kernel, for a test: all of it is gone when the test ends. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultTopology } from "@carrick/lab/network";
import { type MeshCluster, startMesh } from "../../packages/lab/src/mesh/index.ts";
import { type Until, waiting } from "../e2e/waiting.ts";

export interface KernelBed {
  readonly london: MeshCluster;
  readonly paris: MeshCluster;
  readonly until: Until;
  /** Throws when the machine is not as it was before. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openKernelBed(): Promise<KernelBed> {
  const folder = mkdtempSync(join(tmpdir(), "carrick-kernel-"));
  const run = `t${randomBytes(4).toString("hex")}`;
  const mesh = await startMesh({ topology: defaultTopology(), run, folder });
  const [london, paris] = mesh.clusters as [MeshCluster, MeshCluster];
  const until = waiting(() =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".log"))
      .map((name) => `${name}: ${readFileSync(join(folder, name), "utf8").slice(-1500)}`)
      .join("\n"),
  );
  return {
    london,
    paris,
    until,
    [Symbol.asyncDispose]: async () => {
      const left = await mesh.close();
      rmSync(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`run ${run} has left behind: ${left.join("; ")}`);
    },
  };
}
