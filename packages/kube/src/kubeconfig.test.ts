import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { AccessError, type AccessErrorKind } from "./access-error.ts";
import { mergeKubeconfigs, parseKubeconfig, selectContext } from "./kubeconfig.ts";

const path = "/etc/carrick/config";

function kubeconfig(cluster: object, user: object, more: object = {}): string {
  return JSON.stringify({
    "current-context": "london",
    contexts: [{ name: "london", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    ...more,
  });
}

const server = "https://127.0.0.1:6443";

function select(content: string, context?: string) {
  return selectContext(parseKubeconfig(content, path), context);
}

function refused(kind: AccessErrorKind, message: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AccessError, inspect(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/, "no secret in the error");
    return true;
  };
}

test("text that is not YAML is refused with its line and without the line's content", () => {
  const content = 'users:\n- name: u\n  user:\n    token: "hunter2\nclusters: []\n';
  assert.throws(() => parseKubeconfig(content, path), refused("malformed", /^\/etc\/carrick\/config:\d+: .*not YAML/));
});

test("aliases that would expand without bound are refused", () => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i},*a${i},*a${i}]`);
  const content = `a0: &a0 hunter2\n${levels.join("\n")}\n`;
  assert.throws(() => parseKubeconfig(content, path), refused("malformed", /cannot be expanded/));
});

test("a document without fields is refused", () => {
  for (const content of ["", "null", "[]", "hunter2"]) {
    assert.throws(() => parseKubeconfig(content, path), refused("malformed", /has no fields/));
  }
});

test("an unknown context is refused with those that are there", () => {
  assert.throws(() => select(kubeconfig({ server }, {}), "berlin"), refused("unknown-context", /"berlin".*\(london\)/));
});

test("no context named and none current is refused", () => {
  const content = kubeconfig({ server }, {}, { "current-context": "" });
  assert.throws(() => select(content), refused("unknown-context", /no current-context/));
});

test("a context that names what is not there is refused", () => {
  const noCluster = kubeconfig({ server }, {}, { clusters: [] });
  assert.throws(() => select(noCluster), refused("malformed", /names the cluster "c", which is not there/));
  const noUser = kubeconfig({ server }, {}, { users: "hunter2" });
  assert.throws(() => select(noUser), refused("malformed", /names the user "u", which is not there/));
});

test("a context without user is anonymous", () => {
  const contexts = [{ name: "london", context: { cluster: "c" } }];
  const context = select(kubeconfig({ server }, {}, { contexts }));
  assert.equal(context.server.href, `${server}/`);
  assert.equal(context.token, undefined);
});

test("each field that cannot be used is refused by name", () => {
  const cases: [object, object, AccessErrorKind, RegExp][] = [
    [{}, {}, "malformed", /cluster "c": server is not an http or https URL/],
    [{ server: "ftp://x" }, {}, "malformed", /server is not an http or https URL/],
    [{ server: 7 }, {}, "malformed", /server is not an http or https URL/],
    [{ server, "proxy-url": "http://proxy" }, {}, "unsupported", /proxy-url is not supported/],
    [{ server, "certificate-authority-data": "hunter2" }, {}, "malformed", /certificate-authority-data is not PEM/],
    [{ server }, { "client-key": "key.pem" }, "malformed", /only one of client-certificate and client-key/],
    [{ server }, { "client-certificate": "c.pem" }, "malformed", /only one of client-certificate and client-key/],
    [{ server }, { exec: {} }, "malformed", /exec has no command/],
    [{ server }, { exec: { command: "p", apiVersion: "v9" } }, "unsupported", /exec speaks v9/],
    [{ server }, { exec: { command: "p", interactiveMode: "Always" } }, "unsupported", /needs a terminal/],
  ];
  for (const [cluster, user, kind, message] of cases) {
    assert.throws(() => select(kubeconfig(cluster, user)), refused(kind, message));
  }
});

test("relative paths are those beside the kubeconfig", () => {
  const user = { tokenFile: "token", "client-certificate": "pki/c.pem", "client-key": "/abs/k.pem" };
  const context = select(kubeconfig({ server, "certificate-authority": "../ca.pem" }, user));
  assert.deepEqual(context.ca, { path: "/etc/ca.pem" });
  assert.deepEqual(context.certificate, { path: "/etc/carrick/pki/c.pem" });
  assert.deepEqual(context.key, { path: "/abs/k.pem" });
  assert.equal(context.tokenFile, "/etc/carrick/token");
});

test("a plugin's program with a slash is one beside the kubeconfig, without is one of PATH", () => {
  assert.equal(select(kubeconfig({ server }, { exec: { command: "./p" } })).exec?.command, "/etc/carrick/p");
  assert.equal(select(kubeconfig({ server }, { exec: { command: "p" } })).exec?.command, "p");
});

test("secrets are redacted however the context is printed", () => {
  const user = { token: "hunter2", username: "admin", password: "hunter2" };
  const context = select(kubeconfig({ server }, user));
  assert.equal(context.token?.reveal(), "hunter2");
  assert.equal(context.basic?.reveal(), Buffer.from("admin:hunter2").toString("base64"));
  const basic = Buffer.from("admin:hunter2").toString("base64");
  for (const printed of [inspect(context, { depth: 9 }), JSON.stringify(context), String(context.token)]) {
    assert.ok(!printed.includes("hunter2") && !printed.includes(basic), printed);
  }
});

test("impersonation becomes headers", () => {
  const user = { as: "jane", "as-uid": "7", "as-groups": ["a", "b", 3], "as-user-extra": { Scopes: ["x"] } };
  assert.deepEqual(select(kubeconfig({ server }, user)).impersonate, {
    "impersonate-user": ["jane"],
    "impersonate-uid": ["7"],
    "impersonate-group": ["a", "b"],
    "impersonate-extra-scopes": ["x"],
  });
});

test("of several files the first that says something wins", () => {
  const first = parseKubeconfig(JSON.stringify({ clusters: [{ name: "c", cluster: { server } }] }), "/a/1");
  const second = parseKubeconfig(kubeconfig({ server: "https://other" }, { tokenFile: "token" }), "/b/2");
  const context = selectContext(mergeKubeconfigs([first, second]), undefined);
  assert.equal(context.server.href, `${server}/`);
  assert.equal(context.tokenFile, "/b/token", "a path belongs to the file that names it");
});
