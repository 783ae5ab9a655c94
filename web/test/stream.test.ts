/** A terminal's bytes: counting, windows, replay and loss. */
import { expect, test } from "vitest";
import { LONGEST_INPUT_BYTES, Stream } from "../src/core/stream.ts";
import type { ClientFrame } from "../src/wire/wire.ts";

function terminal() {
  const frames: ClientFrame[] = [];
  const typed: string[] = [];
  const screen: string[] = [];
  const held: (() => void)[] = [];
  let connected = true;
  const stream = new Stream(
    1,
    {
      send: (frame) => connected && frames.push(frame) > 0,
      sendBytes: (_, payload) => connected && typed.push(new TextDecoder().decode(payload)) > 0,
    },
    {
      write: (bytes, drawn) => {
        screen.push(new TextDecoder().decode(bytes));
        held.push(drawn);
      },
      reset: () => screen.splice(0),
    },
  );
  return {
    stream,
    frames,
    typed,
    screen,
    draw: () => held.splice(0).forEach((drawn) => void drawn()),
    connect: (yes: boolean) => {
      connected = yes;
    },
    opened: (offset: number, live = offset) =>
      stream.opened({ type: "term.opened", id: 1, offset, live, created: offset === 0 }),
    print: (text: string) => stream.output(new TextEncoder().encode(text)),
  };
}

test("what is typed before the terminal is there is typed when it is", () => {
  const t = terminal();
  t.stream.open(80, 24);
  expect(t.stream.input("ls\r")).toBe(true);
  expect(t.typed).toEqual([]);
  t.opened(0);
  expect(t.frames).toEqual([{ type: "term.open", id: 1, cols: 80, rows: 24, seen: 0 }]);
  expect(t.typed).toEqual(["ls\r"]);
});

test("after a loss it opens with what it has, and the screen stays", () => {
  const t = terminal();
  t.stream.open(80, 24);
  t.opened(0);
  t.print("hello");
  t.draw();
  t.stream.open(80, 24);
  expect(t.frames.at(-1)).toMatchObject({ seen: 5 });
  t.opened(5);
  t.print(" again");
  expect(t.screen.join("")).toBe("hello again");
});

test("where output is gone, or the shell is another, the screen is cleared first", () => {
  const t = terminal();
  t.opened(0);
  t.print("old");
  t.opened(1000);
  t.print("new");
  t.draw();
  expect(t.screen).toEqual(["new"]);
  t.stream.open(80, 24);
  expect(t.frames.at(-1)).toMatchObject({ seen: 1003 });
});

test("what was drawn is acknowledged, not what was received", () => {
  const t = terminal();
  t.opened(0);
  t.print("x".repeat(50_000));
  expect(t.frames).toEqual([]);
  t.draw();
  expect(t.frames).toEqual([{ type: "term.ack", id: 1, received: 50_000 }]);
});

test("a large paste waits for the server, in order, nothing lost", () => {
  const t = terminal();
  t.opened(0);
  const paste = Array.from({ length: 30_000 }, (_, n) => `line ${n}\r`).join("");
  expect(t.stream.input(paste)).toBe(true);
  expect(t.typed.join("").length).toBe(65_536);
  let accepted = 0;
  for (let turn = 0; turn < 100 && t.typed.join("").length > accepted; turn += 1) {
    accepted = t.typed.join("").length;
    t.stream.accepted(accepted);
  }
  expect(t.typed.join("")).toBe(paste);
  expect(t.stream.input("x".repeat(LONGEST_INPUT_BYTES + 1))).toBe(false);
});

test("answers to questions of replayed history are swallowed, keys are not", () => {
  const t = terminal();
  t.opened(0, 10);
  t.print("\x1b[c");
  for (const answer of ["\x1b[?1;2c", "\x1b[5;1R", "\x1b[0n", "\x1b]11;rgb:0f/1e/28\x1b\\"])
    t.stream.keys(answer);
  t.stream.keys("\x1b[A");
  t.stream.keys("q");
  expect(t.typed).toEqual(["\x1b[A", "q"]);
  t.print("1234567");
  t.draw();
  t.stream.keys("\x1b[?1;2c");
  expect(t.typed.at(-1)).toBe("\x1b[?1;2c");
});

test("what waits while the connection is away is sent once", () => {
  const t = terminal();
  t.opened(0);
  t.connect(false);
  t.stream.input("date\r");
  t.connect(true);
  t.opened(0);
  expect(t.typed).toEqual(["date\r"]);
});

test("a page that fell behind draws anew from where output goes on; what was typed still counts", () => {
  const t = terminal();
  t.stream.open(80, 24);
  t.opened(0);
  t.stream.input("yes\r");
  t.print("y\n".repeat(30_000));
  t.stream.missed({ type: "term.missed", id: 1, offset: 1_000_000, live: 1_000_002 });
  expect(t.screen).toEqual([]);
  t.draw();
  expect(t.frames.filter((frame) => frame.type === "term.ack")).toEqual([]);
  t.print("y\n".repeat(30_000));
  t.draw();
  expect(t.frames.at(-1)).toEqual({ type: "term.ack", id: 1, received: 1_060_000 });
  t.stream.input("x");
  expect(t.typed).toEqual(["yes\r", "x"]);
});
