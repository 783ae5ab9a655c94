/** The connection: hello, silence, loss, pauses that grow, and frames in order; on sockets and time of the test's own. */
import { expect, test } from "vitest";
import { encodeInput } from "../src/core/frames.ts";
import { Link, type Socket } from "../src/core/link.ts";
import type { ServerFrame } from "../src/wire/wire.ts";

class World {
  now_ms = 0;
  sockets: FakeSocket[] = [];
  #timers: { at: number; then: () => void }[] = [];
  readonly link: Link;

  constructor() {
    this.link = new Link({
      connect: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      now: () => this.now_ms,
      after: (delay_ms, then) => {
        const timer = { at: this.now_ms + delay_ms, then };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
        };
      },
      chance: () => 0.5,
    });
  }

  get socket(): FakeSocket {
    const last = this.sockets.at(-1);
    if (!last) throw new Error("nothing was opened");
    return last;
  }

  pass(ms: number): void {
    const until = this.now_ms + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now_ms = next.at;
      next.then();
    }
    this.now_ms = until;
  }

  welcome(): void {
    this.socket.onopen?.({} as Event);
    this.socket.say(WELCOME);
  }
}

class FakeSocket implements Socket {
  binaryType = "blob";
  sent: unknown[] = [];
  closed = false;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }
  close(): void {
    this.closed = true;
  }
  say(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) } as MessageEvent);
  }
}

const WELCOME: ServerFrame = {
  type: "welcome",
  protocol: 1,
  session: "s",
  backend: "sim",
  namespace: "default",
  state: "ready",
  terminals: [],
  steps: [],
  clock: null,
  previews: [],
  rewinds: true,
};

test("it says hello, and is open when it is welcomed", () => {
  const world = new World();
  world.link.start();
  expect(world.link.send({ type: "objects.watch" })).toBe(false);
  world.welcome();
  expect(world.socket.sent).toEqual([{ type: "hello", protocol: 1 }]);
  expect(world.link.state.value).toEqual({ kind: "open" });
  expect(world.link.send({ type: "objects.watch" })).toBe(true);
});

test("a lost connection comes back after pauses that grow to ten seconds", () => {
  const world = new World();
  world.link.start();
  world.welcome();
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    world.socket.onclose?.({} as CloseEvent);
    const state = world.link.state.value;
    if (state.kind !== "waiting") throw new Error(state.kind);
    pauses.push(state.until - world.now_ms);
    world.pass(state.until - world.now_ms);
    expect(world.link.state.value.kind).toBe("connecting");
  }
  expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  world.welcome();
  world.socket.onclose?.({} as CloseEvent);
  expect(world.link.state.value).toMatchObject({ kind: "waiting", attempt: 1 });
});

test("silence is asked about, then taken for a loss", () => {
  const world = new World();
  world.link.start();
  world.welcome();
  world.pass(20_000);
  expect(world.socket.sent.at(-1)).toEqual({ type: "ping", n: 1 });
  world.socket.say({ type: "pong", n: 1 });
  world.pass(20_000);
  expect(world.socket.sent.at(-1)).toEqual({ type: "ping", n: 2 });
  const mute = world.socket;
  world.pass(10_000);
  expect(mute.closed).toBe(true);
  expect(world.link.state.value.kind).toBe("waiting");
});

test("an attempt that is never answered is given up", () => {
  const world = new World();
  world.link.start();
  world.pass(10_000);
  expect(world.link.state.value).toMatchObject({ kind: "waiting", attempt: 1 });
});

test("retryNow does not wait, and does nothing while connected", () => {
  const world = new World();
  world.link.start();
  world.welcome();
  world.link.retryNow();
  expect(world.sockets).toHaveLength(1);
  world.socket.onclose?.({} as CloseEvent);
  world.link.retryNow();
  expect(world.sockets).toHaveLength(2);
});

test("terminal bytes keep their terminal; nonsense is dropped", () => {
  const world = new World();
  const got: [number, string][] = [];
  world.link.onBytes = ({ terminal, payload }) => got.push([terminal, new TextDecoder().decode(payload)]);
  world.link.start();
  world.welcome();
  const message = encodeInput(7, new TextEncoder().encode("$ "));
  world.socket.onmessage?.({ data: message.slice().buffer } as MessageEvent);
  message[0] = 1;
  world.socket.onmessage?.({ data: message.buffer } as MessageEvent);
  world.socket.onmessage?.({ data: new ArrayBuffer(3) } as MessageEvent);
  expect(got).toEqual([[7, "$ "]]);
});
