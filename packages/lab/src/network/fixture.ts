/** A lab of a test, and machines in it that answer and ask. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { createInterface, type Interface } from "node:readline";
import type { TestContext } from "node:test";
import { type ProcessPlace, spawnTied, type TiedChild } from "../process/index.ts";
import { bringUp, processPlace, takeDown } from "./apply/network.ts";
import { addressesOf } from "./plan/addresses.ts";
import { type Place, placeName, placesOf } from "./plan/place.ts";
import { defaultTopology } from "./topology/load.ts";
import type { Ranges } from "./topology/topology.ts";

export const topology = defaultTopology();
export const places = placesOf(topology);

/** Echoes its name and who asked, over UDP and TCP, and asks others when it is told to on its input. */
const MACHINE = `
  const dgram = require("node:dgram"), net = require("node:net");
  const name = process.argv[1];
  const echo = dgram.createSocket({ type: "udp6" }, (text, from) => echo.send(name + " " + from.address, from.port, from.address));
  net.createServer((socket) => socket.on("error", () => {}).end(name + " " + socket.remoteAddress)).listen(7000, "::", () =>
    echo.bind(7000, "::", () => console.log("ready")));
  const udp = ({ address, source, ttl, count, wait }, done) => {
    const socket = dgram.createSocket(net.isIPv6(address) ? "udp6" : "udp4");
    const answers = [];
    const end = (error) => { clearTimeout(timer); socket.close(); done(error === undefined ? answers : [error.code]); };
    const timer = setTimeout(end, wait);
    socket.on("error", end).on("message", (text) => answers.push(String(text)) === count && end());
    if (source) socket.bind(0, source);
    socket.connect(7000, address, (error) => {
      if (error) return end(error);
      if (ttl) socket.setTTL(ttl);
      for (let i = 0; i < count; i++) socket.send("x", () => {});
    });
  };
  const tcp = ({ address, source, wait }, done) => {
    const answers = [];
    const socket = net.connect({ port: 7000, host: address, localAddress: source }).setEncoding("utf8").on("data", (text) => answers.push(text));
    const end = () => { clearTimeout(timer); socket.destroy(); done(answers); };
    const timer = setTimeout(end, wait);
    socket.on("end", end).on("error", (error) => { answers.push(error.code); end(); });
  };
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const question = JSON.parse(line);
    (question.over === "tcp" ? tcp : udp)(question, (answers) => console.log(JSON.stringify({ id: question.id, answers })));
  });`;

export interface Question {
  readonly address: string;
  readonly over?: "udp" | "tcp";
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
    this.#open.set(id, resolve);
    this.tied.child.stdin!.write(`${JSON.stringify({ count: 1, wait: 5000, ...question, id })}\n`);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tied.kill();
    this.#lines.close();
  }
}

/** A run of its own, taken down when the test ends, however it ends. */
export function testRun(t: TestContext): string {
  const run = `t${randomBytes(4).toString("hex")}`;
  t.after(() => takeDown(run));
  return run;
}

export async function startMachines(t: TestContext, run: string, places: readonly Place[]): Promise<Machine[]> {
  const machines = await Promise.all(places.map((place) => Machine.start(placeName(place), processPlace(run, place))));
  t.after(() => Promise.all(machines.map((machine) => machine[Symbol.asyncDispose]())));
  return machines;
}

export interface Lab {
  readonly run: string;
  readonly machine: (name: string) => Machine;
}

/** Two clusters of two nodes, up, with a machine everywhere. */
export async function lab(t: TestContext): Promise<Lab> {
  const run = testRun(t);
  const began = performance.now();
  await bringUp(topology, run);
  t.diagnostic(`up of 2 x 2 nodes: ${(performance.now() - began).toFixed(0)} ms`);
  const machines = await startMachines(t, run, places);
  return { run, machine: (name) => machines.find((machine) => machine.name === name)! };
}

export function address(name: string): Ranges {
  return addressesOf(
    topology,
    places.find((place) => placeName(place) === name)!,
  );
}

/** As a dual-stack socket shows it. */
export function seen(address: string): string {
  return isIPv6(address) ? address : `::ffff:${address}`;
}

/** For what is expected not to come. */
export const GONE = { wait: 300 };

export function answered(answers: readonly string[]): boolean {
  return answers.length > 0;
}
