/**
 * The one connection of a session: opens, says hello, notices silence, and comes back by itself with growing pauses.
 * It knows frames, not what they mean: that is `session.ts`. Sockets, time and chance are given, so tests need neither.
 */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import { type ClientFrame, PROTOCOL, type ServerFrame } from "../wire/wire.ts";
import { decodeOutput, encodeInput, type TerminalBytes } from "./frames.ts";

export type LinkState =
  | { kind: "connecting" }
  | { kind: "open" }
  /** Lost; the next attempt starts at `until` (ms of the given clock). */
  | { kind: "waiting"; attempt: number; until: number }
  | { kind: "closed" };

/** What we use of a browser's WebSocket. */
export interface Socket {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

export interface Surroundings {
  connect(): Socket;
  now(): number;
  /** Runs `then` after `delay_ms`; the answer cancels it. */
  after(delay_ms: number, then: () => void): () => void;
  /** 0 ≤ x < 1. */
  chance(): number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 10_000;

export class Link {
  readonly state: ReadonlySignal<LinkState>;
  /** Frames other than `pong`, in order. */
  onFrame: (frame: ServerFrame) => void = () => {};
  onBytes: (bytes: TerminalBytes) => void = () => {};

  readonly #state = signal<LinkState>({ kind: "connecting" });
  readonly #around: Surroundings;
  #socket: Socket | undefined;
  #attempt = 0;
  #pings = 0;
  #cancelTimer: () => void = () => {};

  constructor(around: Surroundings) {
    this.#around = around;
    this.state = this.#state;
  }

  start(): void {
    this.#connect();
  }

  /** Sends a frame; false when there is no connection: what must survive a loss is sent again on `welcome`. */
  send(frame: ClientFrame): boolean {
    if (this.#state.value.kind !== "open") return false;
    this.#socket?.send(JSON.stringify(frame));
    return true;
  }

  sendBytes(terminal: number, payload: Uint8Array): boolean {
    if (this.#state.value.kind !== "open") return false;
    this.#socket?.send(encodeInput(terminal, payload));
    return true;
  }

  /** The network or the page came back: do not wait any longer. */
  retryNow(): void {
    if (this.#state.value.kind === "waiting") this.#connect();
  }

  close(): void {
    this.#drop();
    this.#state.value = { kind: "closed" };
  }

  #connect(): void {
    this.#drop();
    this.#state.value = { kind: "connecting" };
    const socket = this.#around.connect();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL } satisfies ClientFrame));
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#lost();
    this.#cancelTimer = this.#around.after(PONG_WITHIN_MS, () => this.#lost());
  }

  #receive(data: unknown): void {
    this.#listen();
    if (data instanceof ArrayBuffer) {
      const bytes = decodeOutput(data);
      if (bytes) this.onBytes(bytes);
      return;
    }
    if (typeof data !== "string") return;
    const frame = JSON.parse(data) as ServerFrame;
    if (frame.type === "pong") return;
    if (frame.type === "welcome") {
      this.#attempt = 0;
      this.#state.value = { kind: "open" };
    }
    this.onFrame(frame);
  }

  /** Something was heard: ask again only after a silence. */
  #listen(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#around.after(PING_EVERY_MS, () => {
      this.#pings += 1;
      this.send({ type: "ping", n: this.#pings });
      this.#cancelTimer = this.#around.after(PONG_WITHIN_MS, () => this.#lost());
    });
  }

  #lost(): void {
    if (this.#state.value.kind === "closed") return;
    this.#drop();
    this.#attempt += 1;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#attempt - 1));
    const delay = pause * (0.75 + this.#around.chance() / 2);
    this.#state.value = { kind: "waiting", attempt: this.#attempt, until: this.#around.now() + delay };
    this.#cancelTimer = this.#around.after(delay, () => this.#connect());
  }

  #drop(): void {
    this.#cancelTimer();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
