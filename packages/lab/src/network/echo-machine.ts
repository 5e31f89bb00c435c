/** Programs that answer and ask in a machine or a pod of the lab. */
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { type ProcessPlace, spawnTied, type TiedChild } from "../process/index.ts";

/**
 * Says its name and who asked, over UDP and TCP on port 7000; on 7001 it does so for every line of a connection that
 * stays, on 7002 over HTTP. Asks others when it is told to on its input.
 */
const MACHINE = `
  const dgram = require("node:dgram"), net = require("node:net"), http = require("node:http");
  const name = process.argv[1];
  const echo = dgram.createSocket({ type: "udp6" }, (text, from) => echo.send(name + " " + from.address, from.port, from.address));
  const said = (socket) => name + " " + socket.remoteAddress;
  const brief = net.createServer((socket) => socket.on("error", () => {}).end(said(socket)));
  const lasting = net.createServer((socket) => socket.on("error", () => {}).on("data", () => socket.write(said(socket))));
  const web = http.createServer(({ socket }, response) => response.end(said(socket)));
  brief.listen(7000, "::", () => lasting.listen(7001, "::", () => web.listen(7002, "::", () =>
    echo.bind(7000, "::", () => console.log("ready")))));
  const udp = ({ address, port, source, ttl, count, wait }, done) => {
    const socket = dgram.createSocket(net.isIPv6(address) ? "udp6" : "udp4");
    const answers = [];
    const end = (error) => { clearTimeout(timer); socket.close(); done(error === undefined ? answers : [error.code]); };
    const timer = setTimeout(end, wait);
    socket.on("error", end).on("message", (text) => answers.push(String(text)) === count && end());
    if (source) socket.bind(0, source);
    socket.connect(port, address, (error) => {
      if (error) return end(error);
      if (ttl) socket.setTTL(ttl);
      for (let i = 0; i < count; i++) socket.send("x", () => {});
    });
  };
  const tcp = ({ address, port, source, wait }, done) => {
    const answers = [];
    const socket = net.connect({ port, host: address, localAddress: source }).setEncoding("utf8").on("data", (text) => answers.push(text));
    const end = () => { clearTimeout(timer); socket.destroy(); done(answers); };
    const timer = setTimeout(end, wait);
    socket.on("end", end).on("error", (error) => { answers.push(error.code); end(); });
  };
  const get = ({ address, port, host, wait }, done) => {
    const end = (text) => { clearTimeout(timer); request.destroy(); done([text]); };
    const request = http.get({ host: address, port, agent: false, headers: { host } }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part)).on("end", () =>
        end(response.statusCode === 200 ? Buffer.concat(parts).toString() : "status-" + response.statusCode));
    });
    const timer = setTimeout(() => { request.destroy(); done([]); }, wait);
    request.on("error", (error) => end(error.code));
  };
  const kept = new Map();
  const overLine = ({ address, connection, wait }, done) => {
    const key = address + " " + connection;
    if (!kept.has(key)) kept.set(key, net.connect(7001, address).setEncoding("utf8"));
    const socket = kept.get(key);
    const end = (answers) => { clearTimeout(timer); socket.removeAllListeners(); socket.on("error", () => {}); done(answers); };
    const timer = setTimeout(end, wait, []);
    socket.on("data", (text) => end([text])).on("error", (error) => end([error.code])).on("close", () => end(["closed"]));
    socket.write("x");
  };
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const question = JSON.parse(line);
    ({ tcp, udp, line: overLine, http: get })[question.over ?? "udp"](question, (answers) => console.log(JSON.stringify({ id: question.id, answers })));
  });`;

export interface Question {
  readonly address: string;
  /** A `line` goes over a TCP connection to port 7001, which stays; an `http` request over one of its own. */
  readonly over?: "udp" | "tcp" | "line" | "http";
  /** Of an HTTP request. */
  readonly host?: string;
  /** Which one, of those that stay. */
  readonly connection?: number;
  /** 7000 when not given: that of a machine. */
  readonly port?: number;
  /** Address from which it is asked. */
  readonly source?: string;
  readonly ttl?: number;
  /** Datagrams; 1 when not given. */
  readonly count?: number;
  /** After this long nothing more is waited for; 5,000 ms when not given, for what is expected to come. */
  readonly wait?: number;
}

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly tied: TiedChild;
  readonly #lines: Interface;
  readonly #open = new Map<number, (answers: string[]) => void>();
  #count = 0;

  private constructor(name: string, tied: TiedChild, lines: Interface) {
    this.name = name;
    this.tied = tied;
    this.#lines = lines;
  }

  static async start(name: string, place: ProcessPlace): Promise<Machine> {
    const args = ["-e", MACHINE, name];
    const tied = await spawnTied({ command: process.execPath, args, stdio: ["pipe", "pipe", "inherit"], place });
    const machine = new Machine(name, tied, createInterface({ input: tied.child.stdout! }));
    await once(machine.#lines, "line");
    void tied.exited.then(() => {
      for (const answer of machine.#open.values()) answer(["the asking process has ended"]);
      machine.#open.clear();
    });
    machine.#lines.on("line", (line) => {
      const { id, answers } = JSON.parse(line) as { id: number; answers: string[] };
      machine.#open.get(id)?.(answers);
      machine.#open.delete(id);
    });
    return machine;
  }

  /** What was answered (`london/n1 ::ffff:172.30.1.12`), or the code of the error; nothing when nothing came. */
  ask(question: Question): Promise<string[]> {
    const id = this.#count++;
    const { promise, resolve } = Promise.withResolvers<string[]>();
    if (!this.tied.alive()) return Promise.resolve(["the asking process has ended"]);
    this.#open.set(id, resolve);
    this.tied.child.stdin!.write(`${JSON.stringify({ port: 7000, count: 1, wait: 5000, ...question, id })}\n`);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tied.kill();
    this.#lines.close();
  }
}

/** As a dual-stack socket shows it. */
export function seen(address: string): string {
  return isIPv6(address) ? address : `::ffff:${address}`;
}
