/** The session's state from frames: steps, help, terminals, previews. */
import { expect, test } from "vitest";
import type { Link } from "../src/core/link.ts";
import { Session } from "../src/core/session.ts";
import type { ClientFrame, ServerFrame, StepState } from "../src/wire/wire.ts";

function step(id: string, status: StepState["status"] = "open"): StepState {
  return { id, status, cause: null, reason: null };
}

function welcome(more: Partial<Extract<ServerFrame, { type: "welcome" }>> = {}): ServerFrame {
  return {
    type: "welcome",
    protocol: 1,
    session: "s",
    backend: "sim",
    namespace: "default",
    state: "ready",
    terminals: [],
    steps: [step("a"), step("b")],
    clock: null,
    previews: [],
    rewinds: true,
    ...more,
  };
}

function begun() {
  const sent: ClientFrame[] = [];
  const link = {
    onFrame: (_: ServerFrame) => {},
    onBytes: () => {},
    send: (frame: ClientFrame) => sent.push(frame) > 0,
  };
  const session = new Session(link as unknown as Link, [step("a"), step("b")]);
  return { session, sent, take: (frame: ServerFrame) => link.onFrame(frame) };
}

test("the first welcome opens a terminal; a later one keeps those that run", () => {
  const { session, take } = begun();
  expect([session.met.value, session.terminals.value]).toEqual([false, [1]]);
  take(welcome());
  expect(session.terminals.value).toEqual([1]);
  const { session: other, take: tell } = begun();
  tell(welcome({ terminals: [2, 1].map((id) => ({ id, cols: 80, rows: 24, written: 9 })) }));
  expect(other.terminals.value).toEqual([1, 2]);
});

test("terminals get the least free number, and no more than allowed", () => {
  const { session, take } = begun();
  take(welcome());
  expect(session.addTerminal(3)).toBe(2);
  expect(session.addTerminal(3)).toBe(3);
  expect(session.addTerminal(3)).toBeUndefined();
  session.closeTerminal(2);
  expect(session.addTerminal(3)).toBe(2);
});

test("the last shell's screen stays when it ends; others close", () => {
  const { session, take } = begun();
  take(welcome());
  session.addTerminal(8);
  take({ type: "term.closed", id: 2, code: 0 });
  expect(session.terminals.value).toEqual([1]);
  take({ type: "term.closed", id: 1, code: 0 });
  expect(session.terminals.value).toEqual([1]);
  expect(session.ended.value.has(1)).toBe(true);
});

test("a tick is told once, forgets the reasons, and moves what is next", () => {
  const { session, take } = begun();
  const ticked: string[] = [];
  session.onTick = (state) => ticked.push(state.id);
  take(welcome());
  take({ type: "step.reason", step: "a", reasons: ["no pod is named kuard"] });
  expect(session.helpOf("a").reasons).toEqual(["no pod is named kuard"]);
  take({
    type: "steps",
    steps: [{ ...step("a", "done"), cause: { text: "seen", at: "2026-01-01T00:00:00Z" } }],
  });
  take({ type: "steps", steps: [step("a", "done")] });
  expect(ticked).toEqual(["a"]);
  expect(session.helpOf("a").reasons).toBeUndefined();
  expect(session.next()?.id).toBe("b");
  take({ type: "steps", steps: [step("a", "lapsed"), step("b", "done")] });
  expect(session.next()?.id).toBe("a");
});

test("hints are asked for and shown one at a time", () => {
  const { session, sent, take } = begun();
  session.hint("a");
  take({ type: "step.hint", step: "a", index: 0, total: 2, html: "<p>one</p>" });
  take({ type: "step.hint", step: "a", index: 0, total: 2, html: "<p>one</p>" });
  session.hint("a");
  expect(sent.map((frame) => frame.type === "step.hint" && frame.index)).toEqual([0, 1]);
  expect(session.helpOf("a").hints).toEqual(["<p>one</p>"]);
});

test("a preview replaces that of its port, and each opening shows it again", () => {
  const { session, take } = begun();
  const preview = (target: string) => ({ port: 8080, url: "http://x.preview.localhost/", target });
  take({ type: "preview", preview: preview("pod/a:80"), open: true });
  const first = session.shown.value;
  take({ type: "preview", preview: preview("pod/b:80"), open: true });
  expect(session.previews.value.map((each) => each.target)).toEqual(["pod/b:80"]);
  expect(session.shown.value).toEqual(first);
  expect(session.shown.value).not.toBe(first);
  take({ type: "preview.closed", port: 8080 });
  expect(session.previews.value).toEqual([]);
});

test("a restart forgets help and answers", () => {
  const { session, take } = begun();
  take(welcome());
  take({ type: "step.solution", step: "a", commands: ["kubectl get pods"] });
  take({ type: "step.answered", step: "a", question: "q", right: true, message: null, said: null });
  take(welcome());
  expect(session.helpOf("a").solution).toBeUndefined();
  expect(session.answered.value).toEqual({});
});

test("notices are few, and each can be closed", () => {
  const { session, take } = begun();
  for (const text of ["one", "two", "three", "four"]) take({ type: "notice", level: "info", text });
  expect(session.notices.value.map((notice) => notice.text)).toEqual(["two", "three", "four"]);
  session.dismiss(session.notices.value[0]?.id ?? -1);
  expect(session.notices.value).toHaveLength(2);
});

test("a lesson that its author has changed is loaded again", () => {
  const { session, take } = begun();
  let loads = 0;
  session.onLesson = () => {
    loads += 1;
  };
  take({ type: "lesson.changed" });
  expect(loads).toBe(1);
});
