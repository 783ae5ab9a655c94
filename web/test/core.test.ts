/** The small pure parts: commands, addresses, layout, words. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { localPort, pathOf, shownAs, urlOf } from "../src/core/address.ts";
import { copied, typed } from "../src/core/commands.ts";
import {
  BOUNDS,
  close,
  DEFAULT,
  docked,
  keyed,
  move,
  read,
  resize,
  show,
  tidied,
  write,
  zoom,
} from "../src/core/layout.ts";
import { speech } from "../src/core/speech.ts";

describe("commands", () => {
  test.each([
    ["kubectl get pods\n", "\x05\x15kubectl get pods\r"],
    ["$ date\n$ ls", "\x05\x15date\rls\r"],
    ["cat <<EOF\n  a\n\nEOF\n", "\x05\x15cat <<EOF\r  a\r\rEOF\r"],
    ["echo $ HOME", "\x05\x15echo $ HOME\r"],
  ])("%j is typed as %j", (block, keys) => expect(typed(block)).toBe(keys));
  test("copied without prompts", () => expect(copied("$ a\r\n$ b\r\n")).toBe("a\nb"));
});

describe("addresses", () => {
  const own = { port: 8080, url: "http://k3.preview.localhost:8099/", target: "pod/kuard:8080" };
  const byPath = { ...own, url: "http://school.example/preview/k3/" };
  test.each([
    ["/healthy", "/healthy"],
    ["healthy?x=1", "/healthy?x=1"],
    [" http://localhost:8080/a/b ", "/a/b"],
    ["127.0.0.1:8080", "/"],
    ["", "/"],
  ])("%j means the path %s", (input, path) => expect(pathOf(input)).toBe(path));
  test("is shown as the learner knows it", () => expect(shownAs(own, "/env")).toBe("localhost:8080/env"));
  test("leads to its origin", () => {
    expect(urlOf(own, "/a?b=c#d")).toBe("http://k3.preview.localhost:8099/a?b=c#d");
    expect(urlOf(byPath, "/a")).toBe("http://school.example/preview/k3/a");
    expect(urlOf(own, "//evil.example/x")).toMatch(/^http:\/\/k3\.preview\.localhost:8099\//);
  });
  test.each([
    ["http://localhost:8080/x", { port: 8080, path: "/x" }],
    ["http://127.0.0.1", { port: 80, path: "/" }],
    ["http://localhost.example:8080/", undefined],
  ])("link %s", (link, found) => expect(localPort(link)).toEqual(found));
});

describe("layout", () => {
  test("is read as it was written, but opens on the text", () => {
    const arranged = zoom(resize({ ...DEFAULT, pane: "terminal", reader: true }, "text", 51.26), 3);
    expect(read(write(arranged))).toEqual({ ...arranged, pane: "text" });
    expect(arranged.text).toBe(51.3);
  });
  test.each([null, "", "{", "[]", "7", '{"text":"x","font_px":null}'])("nonsense %j is the default", (text) =>
    expect(read(text)).toEqual(DEFAULT),
  );
  test("a pane that is moved is in front of its new dock, and the next one in front of the old", () => {
    const moved = move(DEFAULT, "picture", "side");
    expect(docked(moved, "side")).toEqual(["picture"]);
    expect(moved.front).toEqual({ top: "terminal", bottom: "files", side: "picture" });
    expect(read(write(moved))).toEqual(moved);
    expect(tidied(zoom(moved, 4))).toEqual(zoom(DEFAULT, 4));
  });
  test("a pane that was closed comes back where it was", () => {
    const closed = close(close(move(DEFAULT, "time", "side"), "time"), "terminal");
    expect(closed.front).toEqual({ top: undefined, bottom: "picture", side: undefined });
    expect(show(closed, "time").front.side).toBe("time");
    expect(show(show(closed, "time"), "text")).toMatchObject({ pane: "text", front: { side: "time" } });
  });
  test("the preview is not open on another day, where nothing is forwarded yet", () =>
    expect(read(write(show(DEFAULT, "preview"))).open).toEqual(DEFAULT.open));
  test("stays in bounds", () => {
    expect(resize(DEFAULT, "text", 99).text).toBe(BOUNDS.text[1]);
    expect(read('{"text":-5,"font_px":400}')).toMatchObject({ text: BOUNDS.text[0], font_px: 28 });
    expect(zoom({ ...DEFAULT, font_px: 10 }, -1).font_px).toBe(10);
  });
  test.each([
    ["ArrowLeft", "text", 40],
    ["ArrowRight", "text", 44],
    ["ArrowUp", "text", undefined],
    ["ArrowUp", "terminal", 40],
    ["ArrowLeft", "side", 44],
    ["Home", "text", 25],
    ["End", "terminal", 80],
    ["Enter", "text", DEFAULT.text],
    ["a", "text", undefined],
  ] as const)("%s on %s", (key, share, to) => expect(keyed(key, 42, share)).toBe(to));
});

describe("words", () => {
  /** Of the messages that tell why an object is as it is. */
  const OBJECT = Object.fromEntries(
    ["pod", "container", "state", "node", "at", "message", "name", "reason", "until", "service", "claim"]
      .concat(["phase", "volume", "type", "path", "day", "why", "reasons", "probe", "answer"])
      .map((key) => [key, key]),
  );
  Object.assign(OBJECT, { restarts: 2, factor: 10, seconds: 20, code: 3, score: 150, passed: 4 });
  const languages = ["en", "pt-BR", "fr", "ja"];
  const source = (language: string) =>
    readFileSync(new URL(`../i18n/${language}.ftl`, import.meta.url), "utf8");
  test.each(languages)("%s says everything", (language) => {
    const text = source(language);
    const say = speech(language, text);
    const ids = [...text.matchAll(/^([a-z][a-z0-9-]*) =/gm)].map((found) => found[1] ?? "");
    expect(ids.length).toBeGreaterThan(80);
    expect(new Set(ids).size, "a message stands twice").toBe(ids.length);
    const values = { number: 2, title: "T", status: "done", done: 1, all: 5, steps: 5, count: 5, minutes: 9 };
    for (const id of ids) {
      const words = say(id, {
        ...values,
        command: "ls",
        pane: "p",
        dock: "d",
        time: "t",
        labels: "l",
        address: "a",
        class: "s",
        size: 48,
        days: 90,
        cause: "c",
        target: "t",
        used: "1",
        ...OBJECT,
      });
      expect(words, id).not.toBe(id);
      expect(words, id).not.toMatch(/\{|\}/);
    }
  });
  test("selects and counts", () => {
    const say = speech("fr", source("fr"));
    expect(say("progress-step", { number: 2, title: "Lire", status: "done" })).toBe(
      "Étape 2, faite\u00a0: Lire",
    );
    expect(say("no-such-message")).toBe("no-such-message");
  });
});
