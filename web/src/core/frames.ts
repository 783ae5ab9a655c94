/** Terminal bytes in binary messages, as `server/playground/src/wire/binary.rs` writes them. Not the JSON frames: those are `wire/wire.ts`. */
import { BINARY_HEADER_BYTES, BINARY_INPUT, BINARY_OUTPUT } from "../wire/wire.ts";

export interface TerminalBytes {
  terminal: number;
  payload: Uint8Array;
}

/** A message of keys for a terminal. */
export function encodeInput(terminal: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(BINARY_HEADER_BYTES + payload.length);
  message[0] = BINARY_INPUT;
  new DataView(message.buffer).setUint32(1, terminal);
  message.set(payload, BINARY_HEADER_BYTES);
  return message;
}

/** What a terminal printed; `undefined` for anything else. */
export function decodeOutput(message: ArrayBuffer): TerminalBytes | undefined {
  if (message.byteLength < BINARY_HEADER_BYTES) return undefined;
  const view = new DataView(message);
  if (view.getUint8(0) !== BINARY_OUTPUT) return undefined;
  return { terminal: view.getUint32(1), payload: new Uint8Array(message, BINARY_HEADER_BYTES) };
}
