/** The operations of the CNI plugin, one after the other for each container. */
import { type Attachment, type AttachmentKey, attachmentKey, type Ipam } from "../ipam/index.ts";
import { CniCode, CniError, messageOf } from "./cni-error.ts";
import { failureAnswer, isExpected } from "./failure-answer.ts";
import type { Answer, Question } from "./frame.ts";
import { LinkRemovals } from "./link-removals.ts";
import { untilAddressesAreLocal } from "./local-addresses.ts";
import type { Node } from "./node.ts";
import { hostLinkName, planLinks, podAttachment } from "./pod-links.ts";
import { openPodNamespace } from "./pod-namespace.ts";
import type { PodNetwork } from "./pod-network.ts";
import { type AddRequest, type CheckRequest, decodeRequest, type GcRequest, type Request } from "./request.ts";
import { encodeResult } from "./result.ts";
import { differences, look } from "./seen.ts";
import { SerialQueues } from "./serial-queues.ts";
import { missingFromResult, toldDefaultRoutes } from "./told.ts";
import { makePair, wire } from "./wire.ts";

export interface CniPluginOptions {
  readonly ipam: Ipam;
  readonly node: Node;
  readonly pods: PodNetwork;
  /** Of pods' links, unless the network configuration has another. */
  readonly mtu: number;
  /** One sentence about something that needs an operator, and that no runtime is told. */
  readonly onProblem: (problem: string) => void;
}

/** Hands the answer to the runtime; false when nobody takes it any more. */
export type Deliver = (answer: Answer) => Promise<boolean>;

/** For one container: ADD, DEL, a CHECK or two. */
const MAX_WAITING = 8;
const NOTHING = "";

export class CniPlugin {
  readonly #options: CniPluginOptions;
  readonly #removals: LinkRemovals;
  readonly #queues = new SerialQueues<string>(MAX_WAITING);

  constructor(options: CniPluginOptions) {
    this.#options = options;
    this.#removals = new LinkRemovals(options.node.net);
  }

  /** Answers exactly once. `signal` aborts when the runtime does not wait any more. Never rejects. */
  async answer(question: Question, deliver: Deliver, signal: AbortSignal): Promise<void> {
    try {
      const request = decodeRequest(question);
      if (request.command === "ADD") await this.#queued(request.owner, () => this.#add(request, deliver, signal));
      else {
        await this.#perform(request);
        await deliver({ ok: true, text: NOTHING });
      }
    } catch (error) {
      if (!isExpected(error)) this.#options.onProblem(`CNI ${question.command}: ${messageOf(error)}`);
      await deliver(failureAnswer(error, question));
    }
  }

  #perform(request: Exclude<Request, AddRequest>): Promise<void> {
    switch (request.command) {
      case "DEL":
        return this.#queued(request, () => this.#delete(attachmentKey(request)));
      case "CHECK":
        return this.#queued(request, () => this.#check(request));
      case "GC":
        return this.#collect(request);
      case "STATUS":
      default:
        return this.#status();
    }
  }

  #queued<T>({ containerId }: { readonly containerId: string }, work: () => Promise<T>): Promise<T> {
    return this.#queues.run(containerId, work);
  }

  /** The answer is a part of it: an interface of which the runtime was not told does not stay. */
  async #add(request: AddRequest, deliver: Deliver, signal: AbortSignal): Promise<void> {
    const { ipam, node, pods, mtu } = this.#options;
    const { owner, cniVersion, dns } = request;
    const key = attachmentKey(owner);
    const earlier = ipam.attachment(key);
    if (earlier?.answered === true) {
      throw new CniError(
        CniCode.invalidEnvironment,
        `CNI_IFNAME is ${owner.ifname}, which container ${owner.containerId} has already: the runtime must DEL it first`,
      );
    }
    // Of an ADD that the agent did not live to answer: nobody was told of it.
    if (earlier !== undefined) await this.#takeBack(earlier);
    signal.throwIfAborted();
    using pod = openPodNamespace(node, owner.netns);
    const attachment = ipam.give(owner);
    const links = planLinks(attachment, request.mtu ?? mtu);
    try {
      makePair(node, pod, links);
    } catch (error) {
      // A link of that name is somebody else's.
      ipam.release(key);
      throw error;
    }
    try {
      wire(node, pod, links);
      await untilAddressesAreLocal(pod, links, signal);
      await pods.podAdded(podAttachment(attachment), signal);
      signal.throwIfAborted();
      const text = encodeResult(cniVersion, links, owner.netns, dns);
      if (!(await deliver({ ok: true, text }))) throw new CniError(CniCode.tryLater, "the runtime is gone");
    } catch (error) {
      await this.#takeBack(attachment).catch((reason: unknown) => {
        this.#options.onProblem(`${key}: ADD failed and stays half made until DEL: ${messageOf(reason)}`);
      });
      throw error;
    }
    this.#noteAnswered(key);
  }

  /** The runtime was told: whatever goes wrong from here, the interface stays. */
  #noteAnswered(key: AttachmentKey): void {
    try {
      this.#options.ipam.answered(key);
    } catch (error) {
      this.#options.onProblem(`${key}: was added, but that cannot be written down: ${messageOf(error)}`);
    }
  }

  async #delete(key: AttachmentKey): Promise<void> {
    const attachment = this.#options.ipam.attachment(key);
    if (attachment !== undefined) await this.#takeBack(attachment);
    // The folder of given addresses may have been lost.
    else await this.#removals.remove(hostLinkName(key));
  }

  /** In this order, so that a link never has an address that another pod was given. */
  async #takeBack(attachment: Attachment): Promise<void> {
    const key = attachmentKey(attachment.owner);
    const pod = podAttachment(attachment);
    await this.#removals.remove(pod.hostLink);
    await this.#options.pods.podRemoved(pod);
    this.#options.ipam.release(key);
  }

  async #check(request: CheckRequest): Promise<void> {
    const key = attachmentKey(request);
    const { ipam, node, mtu } = this.#options;
    const attachment = ipam.attachment(key);
    if (attachment === undefined) throw new CniError(CniCode.notAsMade, `${key} has no addresses: it was never added`);
    using pod = openPodNamespace(node, request.netns);
    const links = planLinks(attachment, mtu);
    const seen = look(node, pod, links);
    const wrong = [
      ...missingFromResult(request.prevResult, links),
      ...differences(links, seen, toldDefaultRoutes(request.prevResult, links)),
    ];
    if (wrong.length > 0) {
      throw new CniError(CniCode.notAsMade, `${key}: ${wrong.join("; ")}: the runtime must make the pod again`);
    }
  }

  /**
   * What the runtime does not list goes, unless something is being done with it now: the list was made before. One that
   * cannot go does not keep the others.
   */
  async #collect({ network, valid }: GcRequest): Promise<void> {
    const stale = this.#options.ipam
      .attachments()
      .filter(({ owner }) => owner.network === network && !valid.has(attachmentKey(owner)))
      .filter(({ owner }) => !this.#queues.busy(owner.containerId));
    const failures: string[] = [];
    const takeBack = ({ owner }: Attachment, work: () => Promise<void>): Promise<void> =>
      this.#queued(owner, work).catch((error: unknown) => {
        failures.push(`${attachmentKey(owner)}: ${messageOf(error)}`);
      });
    await Promise.all(stale.map((one) => takeBack(one, () => this.#takeBackIfThere(one))));
    if (failures.length === 0) return;
    throw new CniError(
      CniCode.failed,
      `${failures.length} of ${stale.length} stale attachments stay: ${failures.slice(0, 5).join("; ")}`,
    );
  }

  /** Not what has been added in its place meanwhile. */
  async #takeBackIfThere(attachment: Attachment): Promise<void> {
    const now = this.#options.ipam.attachment(attachmentKey(attachment.owner));
    if (now?.addresses.join() === attachment.addresses.join()) await this.#takeBack(now);
  }

  async #status(): Promise<void> {
    const why = this.#options.pods.unready() ?? this.#options.ipam.exhausted();
    if (why !== undefined) throw new CniError(CniCode.notAvailable, why);
  }
}
