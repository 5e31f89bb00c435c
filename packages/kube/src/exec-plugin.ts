import { spawn } from "node:child_process";
import { AccessError } from "./access-error.ts";
import { errorCode } from "./credential-file.ts";
import type { ExecSpec } from "./kubeconfig.ts";
import { Secret } from "./secret.ts";
import { fields, text } from "./shape.ts";

const maxOutput = 1024 * 1024;

/** What an exec plugin gave. `expires` in milliseconds since 1970; without it the credential holds until a 401. */
export interface ExecCredential {
  readonly token?: Secret;
  readonly certificate?: string;
  readonly key?: Secret;
  readonly expires?: number;
}

/** What the plugin is told about the cluster if it asked for it. */
export interface ExecCluster {
  readonly server: string;
  readonly ca?: string;
  readonly serverName?: string;
  readonly insecure: boolean;
}

/** Runs the plugin once, without a terminal, killed after `timeoutMs`. Throws an `AccessError` of kind `plugin`. */
export async function runExecPlugin(spec: ExecSpec, cluster: ExecCluster, timeoutMs: number): Promise<ExecCredential> {
  const info = {
    apiVersion: spec.apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive: false,
      ...(spec.provideClusterInfo
        ? {
            cluster: {
              server: cluster.server,
              "insecure-skip-tls-verify": cluster.insecure,
              ...(cluster.serverName === undefined ? {} : { "tls-server-name": cluster.serverName }),
              ...(cluster.ca === undefined
                ? {}
                : { "certificate-authority-data": Buffer.from(cluster.ca).toString("base64") }),
            },
          }
        : {}),
    },
  };
  const output = await run(
    spec,
    { ...process.env, ...spec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeoutMs,
  );
  return credential(spec, output);
}

function run(spec: ExecSpec, env: NodeJS.ProcessEnv, timeoutMs: number): Promise<string> {
  const failed = (reason: string, cause?: unknown): AccessError =>
    new AccessError(
      "plugin",
      `${spec.command}: the credential plugin ${reason}: ${spec.installHint?.trim() ?? "run it by hand to see why"}`,
      { cause },
    );
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the plugin has started ends with it; without a terminal it cannot ask.
    const child = spawn(spec.command, [...spec.args], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        try {
          process.kill(-child.pid, "SIGKILL");
        } catch {
          // It ended in this moment.
        }
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(() => {
      kill();
      reject(failed(`did not finish in ${timeoutMs} ms`));
    }, timeoutMs);
    const out: Buffer[] = [];
    let bytes = 0;
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxOutput) out.push(chunk);
      else kill();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(
        failed(errorCode(error) === "ENOENT" ? "is not installed" : `cannot be started (${error.message})`, error),
      );
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (bytes > maxOutput) reject(failed(`wrote more than ${maxOutput} bytes`));
      else if (code !== 0) reject(failed(`ended with ${signal ?? code} (${complaint.trim().replaceAll(/\s+/g, " ")})`));
      else resolve(Buffer.concat(out).toString("utf8"));
    });
  });
}

function credential(spec: ExecSpec, output: string): ExecCredential {
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    // The parser's message would quote the output, which holds a token.
    throw new AccessError(
      "plugin",
      `${spec.command}: the credential plugin did not print JSON: it must print an ExecCredential`,
    );
  }
  const status = fields(fields(parsed)?.["status"]) ?? {};
  const token = text(status["token"]);
  const certificate = text(status["clientCertificateData"]);
  const key = text(status["clientKeyData"]);
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw new AccessError(
      "plugin",
      `${spec.command}: the credential plugin gave neither a token nor a certificate: run it by hand`,
    );
  }
  const expires = Date.parse(text(status["expirationTimestamp"]) ?? "");
  return {
    ...(token === undefined ? {} : { token: new Secret(token) }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key: new Secret(key) }),
    ...(Number.isNaN(expires) ? {} : { expires }),
  };
}
