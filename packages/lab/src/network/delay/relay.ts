/**
 * The program that holds packets back: `lab relay '{"link":"slow1","delayMs":40}'`, in the router's namespace. A
 * process of its own, which does nothing else and blocks on its link: neither a pool of threads nor an event loop adds
 * to the delay.
 */
import { writeSync } from "node:fs";
import { SystemError, unlessCode } from "@carrick/agent/sys";
import { DelayLine } from "./delay-line.ts";
import { giveBackHop } from "./packet.ts";
import { Tun } from "./tun.ts";

/** The line with which it says that its link is there. */
export const RELAY_READY = '{"ready":true}';

/** In one turn, so that a flood does not hold up what is due. */
const READS = 64;

/** Ends by a signal, or with code 0 when its link is deleted. */
export async function runRelay([text = "", ...more]: readonly string[]): Promise<number> {
  const { link, delayMs } = readOptions(text);
  if (link === undefined || delayMs === undefined || more.length > 0) {
    console.error('lab relay: the argument is no relay; give one like {"link":"slow1","delayMs":40}');
    return 2;
  }
  const tun = new Tun(link);
  // The loop below never gives anything asynchronous a turn.
  writeSync(1, `${RELAY_READY}\n`);
  const end = relay(tun, new DelayLine(delayMs));
  if (end.code === "EBADFD") return 0;
  console.error(`lab relay: ${end.message}`);
  return 1;
}

/** Gives what ended it. */
function relay(tun: Tun, line: DelayLine): SystemError {
  try {
    for (;;) turn(tun, line);
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  }
}

function turn(tun: Tun, line: DelayLine): void {
  tun.wait(line.waitMs(performance.now()));
  for (let reads = 0; reads < READS; reads++) {
    const packet = tun.read();
    if (packet === undefined) break;
    if (giveBackHop(packet)) line.push(packet, performance.now());
  }
  for (let due = line.pull(performance.now()); due !== undefined; due = line.pull(performance.now())) deliver(tun, due);
}

/** A link that is down takes nothing: those packets are lost. */
function deliver(tun: Tun, packet: Uint8Array): void {
  unlessCode("EIO", () => tun.write(packet));
}

function readOptions(text: string): { readonly link?: string; readonly delayMs?: number } {
  try {
    const { link, delayMs } = Object(JSON.parse(text)) as { readonly link?: unknown; readonly delayMs?: unknown };
    return { ...(typeof link === "string" && { link }), ...(typeof delayMs === "number" && { delayMs }) };
  } catch {
    return {};
  }
}
