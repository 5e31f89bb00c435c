import { resolve } from "node:path";
import { edgeArguments, edgeBootstrap, edgeSecretFiles, type EdgeTlsFiles } from "@carrick/core/translate";
import { buildCommand } from "@stricli/core";
import { stringify } from "yaml";
import type { CliContext } from "../context.ts";
import { certificateComplaints } from "../credentials/complaints.ts";
import { readPemFiles, uriNames } from "../credentials/pem-files.ts";
import { writeSecretFiles } from "../credentials/secret-files.ts";
import { controllerUri, type EdgeIdentity, edgeUri, parseEdge } from "../credentials/spiffe.ts";
import { usageError } from "../exit-code.ts";
import { parseHostPort } from "../host-port.ts";
import { note, print, printJson } from "../output.ts";
import { documented } from "./documentation.ts";
import { optionalTextFlag, textFlag } from "./flags.ts";

interface Flags {
  readonly fleet: string;
  readonly name: string;
  readonly controller: readonly string[];
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly cluster?: string;
  readonly serverName?: string;
  readonly admin?: string;
  readonly secrets?: string;
  readonly output: "json" | "yaml";
}

export const edgeBootstrapCommand = buildCommand<Flags, [], CliContext>({
  docs: documented({
    brief: "Print the bootstrap with which an Envoy joins a fleet",
    about: `
Everything that serves traffic comes from the controllers; the bootstrap only
says where they are and who this Envoy is. Controllers go by the name in its
certificate, spiffe://<domain>/cluster/<cluster>/edge/<fleet>/<name>, so the
certificate must carry the fleet and the name that are given here.

Envoy reads the certificate once, at its start. With --secrets it also takes one
that is renewed: move the new files to their places (mv, or the link that
Kubernetes moves); a file that is written in place is not noticed.`,
    examples: [
      [
        `carrick edge bootstrap --fleet public --name e1 --controller 10.0.0.1:18000 \\
    --certificate e1.pem --key e1.key --authority ca.pem --secrets e1 > e1.json`,
        "then start Envoy as the note on the standard error says",
      ],
    ],
    exits: {},
  }),
  parameters: {
    flags: {
      fleet: textFlag("name", "Fleet, as the controller's configuration names it"),
      name: textFlag("name", "Name of this Envoy in its fleet"),
      controller: {
        kind: "parsed",
        parse: String,
        variadic: ",",
        placeholder: "host:port",
        brief: "Address of a controller's xDS port; give every replica",
      },
      certificate: textFlag("file", "Certificate chain of this Envoy"),
      key: textFlag("file", "Its key"),
      authority: textFlag("file", "Authority that signed the controllers' certificates"),
      cluster: optionalTextFlag("name", "Cluster of this Envoy, checked against its certificate"),
      serverName: optionalTextFlag(
        "name",
        "Name in the controllers' certificates; else spiffe://<domain>/cluster/<cluster>/controller",
      ),
      admin: optionalTextFlag(
        "address",
        "Where Envoy's admin interface listens: host:port, or the path of a unix socket",
      ),
      secrets: optionalTextFlag("folder", "Where to write files by which Envoy takes renewed certificates"),
      output: { kind: "enum", values: ["json", "yaml"], default: "json", brief: "Form of the output" },
    },
    aliases: { o: "output" },
  },
  async func(flags) {
    const tls: EdgeTlsFiles = {
      certificate: resolve(flags.certificate),
      key: resolve(flags.key),
      authority: resolve(flags.authority),
      ...(flags.secrets !== undefined && { secrets: resolve(flags.secrets) }),
    };
    const files = await readPemFiles(tls);
    const complaints = certificateComplaints(files, this.now());
    for (const { serious, says, fix } of complaints) {
      if (serious) throw usageError(`${says}; ${fix}`);
      note(this, `${says}; ${fix}`);
    }
    const edge = edgeOf(uriNames(files.chain[0]), flags);
    const bootstrap = edgeBootstrap({
      node: { id: edge.name, cluster: edge.fleet },
      controllers: flags.controller.map((text) => parseHostPort(text, "--controller")),
      serverName: flags.serverName ?? controllerUri(edge.domain, edge.cluster),
      tls,
      ...(flags.admin !== undefined && {
        admin: flags.admin.includes("/") ? { path: resolve(flags.admin) } : parseHostPort(flags.admin, "--admin"),
      }),
    });
    if (tls.secrets !== undefined) await writeSecretFiles(tls.secrets, edgeSecretFiles(tls));
    if (flags.output === "json") printJson(this, bootstrap);
    else print(this, [stringify(bootstrap, { lineWidth: 120, aliasDuplicateObjects: false }).trimEnd()]);
    const file = `${edge.name}.${flags.output}`;
    note(this, `If saved as ${file}, it starts with: envoy ${edgeArguments(file).join(" ")}`);
  },
});

/** The name of the certificate, if it is the one that was asked for. Throws a `CommandError` that says which it is. */
function edgeOf(names: readonly string[], { fleet, name, cluster, certificate }: Flags): EdgeIdentity {
  const edges = names.map(parseEdge).filter((edge) => edge !== undefined);
  const found = edges.find(
    (edge) => edge.fleet === fleet && edge.name === name && (cluster === undefined || edge.cluster === cluster),
  );
  if (found !== undefined) return found;
  const wanted = edgeUri({ domain: edges[0]?.domain ?? "<domain>", cluster: cluster ?? "<cluster>", fleet, name });
  throw usageError(`${certificate}: is for ${names.join(", ") || "no spiffe:// name"}; give the one for ${wanted}`);
}
