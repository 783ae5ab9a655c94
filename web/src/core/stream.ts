/**
 * One terminal's bytes in both directions: counts what was received, acknowledges what was drawn, holds input back
 * until the server takes it, and goes on where it stopped after a lost connection. It draws nothing: that is the sink.
 */
import { type ClientFrame, INPUT_WINDOW_BYTES, type ServerFrame } from "../wire/wire.ts";

type Opened = Extract<ServerFrame, { type: "term.opened" }>;
type Missed = Extract<ServerFrame, { type: "term.missed" }>;

/** Where output is drawn (xterm in the page, an array in tests). */
export interface Sink {
  /** Draws, then calls `drawn`. */
  write(bytes: Uint8Array, drawn: () => void): void;
  /** Output was lost in between, or another shell began: forget the screen. */
  reset(): void;
}

export interface Wire {
  send(frame: ClientFrame): boolean;
  sendBytes(terminal: number, payload: Uint8Array): boolean;
}

const ACK_EVERY_BYTES = 48 * 1024;
const MESSAGE_BYTES = 32 * 1024;
/** More typed-ahead input than this is refused as a whole. */
export const LONGEST_INPUT_BYTES = 16 * 1024 * 1024;

/** What xterm answers by itself to questions in the output (device attributes, cursor position, colours). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the answers of a terminal
const ANSWER = /^\x1b(?:\[[?>=]?[\d;]*[cnRty]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P)/;

export class Stream {
  readonly id: number;
  readonly #wire: Wire;
  readonly #sink: Sink;
  #received = 0;
  #drawn = 0;
  #acknowledged = 0;
  #live = 0;
  #attached = false;
  #sent = 0;
  #accepted = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Rises with every attachment, so that drawings of an older screen count no more. */
  #epoch = 0;

  constructor(id: number, wire: Wire, sink: Sink) {
    this.id = id;
    this.#wire = wire;
    this.#sink = sink;
  }

  /** Makes the terminal or attaches to it; called again after each `welcome`. */
  open(cols: number, rows: number): void {
    this.#attached = false;
    this.#wire.send({ type: "term.open", id: this.id, cols, rows, seen: this.#received });
  }

  opened(frame: Opened): void {
    this.#goOn(frame);
    this.#sent = 0;
    this.#accepted = 0;
    this.#attached = true;
    this.#flush();
  }

  /** This page was too slow, and output in between is gone. What was typed goes on as it was. */
  missed(frame: Missed): void {
    this.#goOn(frame);
  }

  #goOn({ offset, live }: { offset: number; live: number }): void {
    if (offset !== this.#received) {
      this.#epoch += 1;
      this.#sink.reset();
      this.#received = offset;
      this.#drawn = offset;
    }
    this.#acknowledged = this.#drawn;
    this.#live = live;
  }

  output(bytes: Uint8Array): void {
    this.#received += bytes.length;
    const epoch = this.#epoch;
    this.#sink.write(bytes, () => {
      if (epoch !== this.#epoch) return;
      this.#drawn += bytes.length;
      if (this.#drawn - this.#acknowledged >= ACK_EVERY_BYTES && this.#attached) {
        this.#acknowledged = this.#drawn;
        this.#wire.send({ type: "term.ack", id: this.id, received: this.#drawn });
      }
    });
  }

  accepted(count: number): void {
    this.#accepted = count;
    this.#flush();
  }

  /** What the terminal emulator wants to say; its answers to questions of replayed history are swallowed. */
  keys(text: string): boolean {
    if (this.#drawn < this.#live && ANSWER.test(text)) return true;
    return this.input(text);
  }

  /** Types `text`; false when so much is waiting already that nothing of it was taken. */
  input(text: string): boolean {
    const bytes = new TextEncoder().encode(text);
    if (this.#waitingBytes + bytes.length > LONGEST_INPUT_BYTES) return false;
    for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
      this.#waiting.push(bytes.subarray(at, at + MESSAGE_BYTES));
    }
    this.#waitingBytes += bytes.length;
    this.#flush();
    return true;
  }

  resize(cols: number, rows: number): void {
    if (this.#attached) this.#wire.send({ type: "term.resize", id: this.id, cols, rows });
  }

  #flush(): void {
    while (this.#attached) {
      const next = this.#waiting[0];
      if (!next || this.#sent + next.length - this.#accepted > INPUT_WINDOW_BYTES) return;
      if (!this.#wire.sendBytes(this.id, next)) return;
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
      this.#sent += next.length;
    }
  }
}
