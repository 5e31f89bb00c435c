/** A machine or a configuration on which the agent cannot work: it ends with one sentence, and has changed nothing. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { createAuthority } from "../../packages/lab/src/trust/index.ts";
import { type AgentBed, type Ended, openAgentBed } from "./agent-bed.ts";

/** Nobody listens there. */
const NOWHERE = 9;

let bed: AgentBed;

before(async () => {
  bed = await openAgentBed(await createAuthority("mesh"), [NOWHERE]);
});
afterEach(() => assert.ok(!existsSync(join(bed.pins, "services")), "nothing was pinned"));
after(() => bed?.[Symbol.asyncDispose]());

/** In a mount namespace that ends with the agent. */
const mounted = (script: string) => ["unshare", "--mount", "sh", "-ec", `${script}\nexec "$0" "$@"`];
const without = (...capabilities: readonly string[]) => {
  const dropped = capabilities.map((name) => `-${name}`).join(",");
  return ["setpriv", "--bounding-set", dropped, "--inh-caps", dropped, "--"];
};

function saidOnce({ code, said }: Ended, expected: number, sentence: RegExp): void {
  assert.equal(code, expected, said.join("\n"));
  assert.equal(said.length, 1, said.join("\n"));
  assert.match(said[0]!, sentence);
}

test("no cgroup2 is mounted", async () => {
  const around = mounted("umount --all --types cgroup2");
  saidOnce(
    await bed.run(bed.configure({ bpf: { folder: bed.pins } }), around),
    1,
    /^carrick agent: no cgroup2 file system is mounted, so no program can be attached to pods; mount one$/,
  );
});

test("libbpf is not there", async () => {
  const [library = ""] =
    execFileSync("ldconfig", ["-p"], { encoding: "utf8" }).match(/(?<=libbpf\.so\.1 .* => )\S+/) ?? [];
  const around = mounted(`mount --bind /dev/null ${library}`);
  const config = bed.configure();
  saidOnce(
    await bed.run(config, around),
    1,
    /^carrick agent: libbpf\.so\.1 cannot be loaded, so there is no mesh on this node; install libbpf 1\.1 or newer$/,
  );
});

for (const [dropped, named] of [
  [["sys_admin"], "CAP_SYS_ADMIN"],
  [["sys_admin", "bpf", "perfmon", "net_admin"], "CAP_SYS_ADMIN"],
] as const) {
  test(`the process has no ${dropped.join(", ")}`, async () => {
    saidOnce(
      await bed.run(bed.configure(), without(...dropped)),
      1,
      new RegExp(
        `^carrick agent: this process has no ${named}, so it cannot load programs into the kernel; run it as root with ${named}, in a container as privileged$`,
      ),
    );
  });
}

test("the process has no net_admin, and there are pods to connect", async () => {
  const config = bed.configure({ cni: { podCidrs: ["10.11.1.0/24"] } });
  saidOnce(
    await bed.run(config, without("net_admin")),
    1,
    /^carrick agent: this process has no CAP_NET_ADMIN, so it cannot .* connect pods; run it as root with CAP_SYS_ADMIN and CAP_NET_ADMIN/,
  );
});

test("the process is nobody's", async () => {
  const config = bed.configure({ runDir: join(bed.folder, "other") });
  execFileSync("chmod", ["-R", "a+rX", bed.folder]);
  const around = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
  saidOnce(await bed.run(config, around), 1, /^carrick agent: this process has no CAP_SYS_ADMIN/);
});

for (const [what, bpf, sentence] of [
  [
    "the programs are not there",
    { objects: "nowhere" },
    /^carrick agent: .*\/nowhere\/sock\.bpf\.o: is missing; install it beside the agent, or name its folder by bpf\.objects$/,
  ],
  [
    "pins cannot be where they are to be",
    { folder: "pins" },
    /^carrick agent: bpf\.folder: .*\/pins is in no bpf file system; name a folder under \/sys\/fs\/bpf$/,
  ],
  [
    "the cgroup is not there",
    { cgroup: "/sys/fs/cgroup/none" },
    /^carrick agent: bpf\.cgroup: \/sys\/fs\/cgroup\/none is no cgroup of version 2; name one, or leave it out for all$/,
  ],
] as const) {
  test(what, async () => {
    const config = bed.configure({ bpf: { folder: bed.pins, cgroup: bed.cgroup, ...bpf } });
    saidOnce(await bed.run(config), 1, sentence);
  });
}

test("every mistake of the configuration is a line of its own, and code 2", async () => {
  const config = bed.configure({ node: "N 1", controllers: [], mertics: {}, bpf: { services: 1 } });
  const { code, said } = await bed.run(config);
  assert.equal(code, 2);
  assert.deepEqual(
    said.map((line) =>
      line
        .replace("carrick agent: ", "")
        .replace(`${config}:`, "")
        .replace(/^\d+: /, ""),
    ),
    [
      'node: must be the name of a Node, and is "N 1"',
      "controllers: is empty; give it at least 1 entry",
      "bpf.services: is 1; it may be 16 at least",
      "mertics: is no setting of Carrick; check its spelling",
    ],
  );
});

test("the certificate's files cannot be used", async () => {
  const tls = { certificate: "agent.pem", key: "agent.key", authority: "ca.pem" };
  saidOnce(
    await bed.run(bed.configure({ tls: { ...tls, key: "none.key" } })),
    2,
    /^carrick agent: .*\/none\.key: cannot be read \(ENOENT.*\); `tls\.key` of the configuration names it$/,
  );
  writeFileSync(join(bed.folder, "broken.pem"), "nonsense");
  saidOnce(
    await bed.run(bed.configure({ tls: { ...tls, certificate: "broken.pem" } })),
    2,
    /^carrick agent: .*\/broken\.pem: holds no certificate in PEM; write it again$/,
  );
});

test("there is no such configuration, or none is named", async () => {
  saidOnce(await bed.run("/nowhere/agent.yaml"), 2, /^carrick agent: \/nowhere\/agent\.yaml: cannot be read/);
});
