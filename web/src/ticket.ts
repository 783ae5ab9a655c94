/** Connections of a page without cookies: each opens with a ticket, asked for with the token that the page was given. */
import type { Socket } from "./core/link.ts";
import type { Ticket } from "./wire/wire.ts";

/** A WebSocket that asks for its ticket first. */
export class TicketSocket implements Socket {
  binaryType = "arraybuffer";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  #socket: WebSocket | undefined;
  #closed = false;

  constructor(url: URL, ticket: Promise<string | undefined>) {
    void ticket.then((ticket) => this.#open(url, ticket));
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  #open(url: URL, ticket: string | undefined): void {
    if (this.#closed) return;
    if (!ticket) {
      this.onclose?.(new CloseEvent("close"));
      return;
    }
    const socket = new WebSocket(url, ["podschool", `ticket.${ticket}`]);
    socket.binaryType = "arraybuffer";
    socket.onopen = (event) => this.onopen?.(event);
    socket.onmessage = (event) => this.onmessage?.(event);
    socket.onclose = (event) => this.onclose?.(event);
    this.#socket = socket;
  }
}

/** Asks for tickets; `gone` is called when the session is no more. */
export class TicketOffice {
  readonly #path: string;
  readonly #token: string;
  gone: () => void = () => {};

  constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
  }

  /** `undefined`: there is none to be had now. */
  async ticket(): Promise<string | undefined> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await fetch(this.#path, { method: "POST", headers, credentials: "omit" }).catch(
      () => undefined,
    );
    if (answer && [401, 403, 404].includes(answer.status)) this.gone();
    if (!answer?.ok) return undefined;
    return ((await answer.json()) as Ticket).ticket;
  }
}
