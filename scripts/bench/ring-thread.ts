// A thread of the ring's stress and benchmark. It gets one job a message: to send its share of the items, by the ring or by ports,
// or to take items until all is taken and to keep account of them. Jobs begin together, when the crew says go.

import { type MessagePort, parentPort } from "node:worker_threads";
import { RandomStream } from "../../core/random.ts";
import { RequestTeller } from "../../live/preload/request-feed.ts";
import { IntRing } from "../../preload/ring/int-ring.ts";
import { RingSlots } from "../../preload/ring/ring-slots.ts";
import {
  GO,
  INDEX_BITS,
  NEVER,
  type PingJob,
  PUSHED,
  READY,
  type ReceiveJob,
  SENDERS_DONE,
  type SendJob,
  steadyMillis,
  type TellJob,
  type ThreadJob,
  type ThreadReport,
} from "./ring-job.ts";

const PAUSE_MILLIS = 30;
const LARGEST_BATCH = 1024;

/** Tries again at once a few times, then leaves the processor to others for a moment. */
class Patience {
  readonly #control: Int32Array;
  #misses = 0;
  constructor(control: Int32Array) {
    this.#control = control;
  }
  hit(): void {
    this.#misses = 0;
  }
  miss(): void {
    if (++this.#misses >= 16) Atomics.wait(this.#control, NEVER, 0, 0.05);
  }
}

/** Keeps account of what was taken. */
class Account {
  readonly taken: SharedArrayBuffer;
  readonly #bits: Uint8Array;
  readonly #last: Int32Array;
  readonly #countEach: number;
  received = 0;
  doubled = 0;
  disordered = 0;

  constructor(senders: number, countEach: number) {
    this.taken = new SharedArrayBuffer(Math.ceil((senders * countEach) / 8));
    this.#bits = new Uint8Array(this.taken);
    this.#last = new Int32Array(senders).fill(-1);
    this.#countEach = countEach;
  }

  take(item: number): void {
    const sender = item >> INDEX_BITS;
    const index = item & ((1 << INDEX_BITS) - 1);
    const place = sender * this.#countEach + index;
    const bit = 1 << (place & 7);
    if ((this.#bits[place >> 3]! & bit) !== 0) this.doubled++;
    this.#bits[place >> 3]! |= bit;
    if (index <= this.#last[sender]!) this.disordered++;
    this.#last[sender] = index;
    this.received++;
  }
}

const port = parentPort!;
port.on("message", async (job: ThreadJob) => {
  const control = new Int32Array(job.control);
  port.postMessage((await perform(job, control)) satisfies ThreadReport);
});

function perform(job: ThreadJob, control: Int32Array): Promise<ThreadReport> {
  if (job.role === "send") return send(job, control);
  if (job.role === "receive") return receive(job, control, new Account(job.senders, job.countEach));
  if (job.role === "tell") return tell(job, control);
  return job.rings === undefined ? pingByPort(job, control) : pingByRings(job, job.rings, control);
}

function begin(control: Int32Array): void {
  Atomics.add(control, READY, 1);
  Atomics.notify(control, READY);
  Atomics.wait(control, GO, 0);
}

async function send(job: SendJob, control: Int32Array): Promise<ThreadReport> {
  if (job.ring === undefined) sendByPorts(job, control);
  else sendByRing(job, IntRing.attach(job.ring), job.ring, control);
  return { endedAtMillis: steadyMillis(), received: 0, doubled: 0, disordered: 0, taken: undefined };
}

function sendByRing(job: SendJob, ring: IntRing, buffer: SharedArrayBuffer, control: Int32Array): void {
  const { sender, count, batch, pauseAfter } = job;
  const random = new RandomStream(job.seed, `ring-sender-${sender}`);
  const items = new Int32Array(LARGEST_BATCH);
  const patience = new Patience(control);
  begin(control);
  let sent = 0;
  let isPaused = false;
  while (sent < count) {
    if (!isPaused && pauseAfter >= 0 && sent >= pauseAfter) {
      if (!pausedPush(buffer, (sender << INDEX_BITS) | sent, control)) continue;
      isPaused = true;
      sent++;
      continue;
    }
    const size = Math.min(count - sent, batch === 0 ? 1 + random.integer(64) : batch);
    let done: number;
    if (size === 1) done = ring.tryPush((sender << INDEX_BITS) | sent) ? 1 : 0;
    else {
      for (let i = 0; i < size; i++) items[i] = (sender << INDEX_BITS) | (sent + i);
      done = ring.pushMany(items, 0, size);
    }
    sent += done;
    if (done === 0) patience.miss();
    else patience.hit();
  }
  Atomics.add(control, SENDERS_DONE, 1);
}

async function receive(job: ReceiveJob, control: Int32Array, account: Account): Promise<ThreadReport> {
  if (job.ring === undefined) await receiveByPorts(job, control, account);
  else receiveByRing(job, IntRing.attach(job.ring), job.ring, control, account);
  const { received, doubled, disordered, taken } = account;
  return { endedAtMillis: steadyMillis(), received, doubled, disordered, taken };
}

function receiveByRing(
  job: ReceiveJob,
  ring: IntRing,
  buffer: SharedArrayBuffer,
  control: Int32Array,
  account: Account,
): void {
  const { batch, pauseAfter, senders } = job;
  const random = new RandomStream(job.seed, "ring-receiver");
  const items = new Int32Array(LARGEST_BATCH);
  const patience = new Patience(control);
  begin(control);
  let isPaused = false;
  for (;;) {
    if (!isPaused && pauseAfter >= 0 && account.received >= pauseAfter) {
      const item = pausedPop(buffer, control);
      if (item !== undefined) {
        account.take(item);
        isPaused = true;
      }
    }
    // Looked at before the ring is: what is empty after everybody has sent stays empty.
    const isLast = Atomics.load(control, SENDERS_DONE) === senders;
    const size = batch === 0 ? 1 + random.integer(64) : batch;
    let count = 0;
    if (size === 1) {
      const item = ring.tryPop();
      if (item !== undefined) {
        account.take(item);
        count = 1;
      }
    } else {
      count = ring.popMany(items, 0, size);
      for (let i = 0; i < count; i++) account.take(items[i] as number);
    }
    if (count > 0) patience.hit();
    else if (isLast) return;
    else patience.miss();
  }
}

/** A push by hand that stands still between claiming and handing over. */
function pausedPush(buffer: SharedArrayBuffer, item: number, control: Int32Array): boolean {
  const slots = RingSlots.attach(buffer, 1);
  if (slots.claimPush(1) === 0) return false;
  Atomics.wait(control, NEVER, 0, PAUSE_MILLIS);
  slots.words[slots.payloadOf(slots.position)] = item;
  slots.publish(slots.position, 1);
  return true;
}

function pausedPop(buffer: SharedArrayBuffer, control: Int32Array): number | undefined {
  const slots = RingSlots.attach(buffer, 1);
  if (slots.claimPop(1) === 0) return undefined;
  Atomics.wait(control, NEVER, 0, PAUSE_MILLIS);
  const item = slots.words[slots.payloadOf(slots.position)];
  slots.recycle(slots.position, 1);
  return item;
}

/** Turn by turn to each receiver; a batch is a copy of an array. */
function sendByPorts({ sender, count, batch, ports }: SendJob, control: Int32Array): void {
  const items = new Int32Array(batch);
  begin(control);
  let turn = 0;
  for (let sent = 0; sent < count; ) {
    const to = ports[turn++ % ports.length] as MessagePort;
    const size = Math.min(batch, count - sent);
    if (batch === 1) to.postMessage((sender << INDEX_BITS) | sent);
    else {
      for (let i = 0; i < size; i++) items[i] = (sender << INDEX_BITS) | (sent + i);
      to.postMessage(size === batch ? items : items.slice(0, size));
    }
    sent += size;
  }
  for (const to of ports) to.postMessage(null);
}

function receiveByPorts({ ports }: ReceiveJob, control: Int32Array, account: Account): Promise<void> {
  begin(control);
  return new Promise((resolve) => {
    let open = ports.length;
    for (const from of ports) {
      from.on("message", (message: number | Int32Array | null) => {
        if (typeof message === "number") account.take(message);
        else if (message !== null) for (const item of message) account.take(item);
        else {
          from.close();
          if (--open === 0) resolve();
        }
      });
    }
  });
}

/** As a server's thread would: 500 users, 200 components. */
async function tell({ count, feed, ports, seed }: TellJob, control: Int32Array): Promise<ThreadReport> {
  const teller = feed === undefined ? undefined : new RequestTeller(feed);
  const to = ports[0];
  const patience = new Patience(control);
  const random = new RandomStream(seed, "ring-teller");
  begin(control);
  for (let i = 0; i < count; i++) {
    const user = `user-${random.integer(500)}`;
    const request = { component: `components/panel-${random.integer(200)}.md`, user, atMillis: i };
    if (teller === undefined) to?.postMessage(request);
    else {
      while (!teller.tell(request)) patience.miss();
      patience.hit();
    }
  }
  to?.close();
  return { endedAtMillis: steadyMillis(), received: 0, doubled: 0, disordered: 0, taken: undefined };
}

/** Sleeps on a counter that goes up with each push; read before the ring is looked at, so that no push is slept through. */
async function pingByRings(
  { role, count }: PingJob,
  rings: readonly [SharedArrayBuffer, SharedArrayBuffer],
  control: Int32Array,
): Promise<ThreadReport> {
  const [there, back] = [IntRing.attach(rings[0]), IntRing.attach(rings[1])];
  const [out, own] = role === "ping" ? [0, 1] : [1, 0];
  const [to, from] = role === "ping" ? [there, back] : [back, there];
  const push = (item: number) => {
    to.tryPush(item);
    Atomics.add(control, PUSHED + out, 1);
    Atomics.notify(control, PUSHED + out, 1);
  };
  begin(control);
  let received = 0;
  let disordered = 0;
  if (role === "ping") push(0);
  while (received < count) {
    const seen = Atomics.load(control, PUSHED + own);
    const item = from.tryPop();
    if (item === undefined) {
      Atomics.wait(control, PUSHED + own, seen);
      continue;
    }
    if (item !== received++) disordered++;
    if (role === "pong") push(item);
    else if (received < count) push(received);
  }
  return { endedAtMillis: steadyMillis(), received, doubled: 0, disordered, taken: undefined };
}

function pingByPort({ role, count, ports }: PingJob, control: Int32Array): Promise<ThreadReport> {
  const other = ports[0] as MessagePort;
  begin(control);
  return new Promise((resolve) => {
    let received = 0;
    let disordered = 0;
    other.on("message", (item: number) => {
      if (item !== received++) disordered++;
      if (role === "pong") other.postMessage(item);
      else if (received < count) other.postMessage(received);
      if (received < count) return;
      if (role === "ping") other.close();
      resolve({ endedAtMillis: steadyMillis(), received, doubled: 0, disordered, taken: undefined });
    });
    if (role === "ping") other.postMessage(0);
  });
}
