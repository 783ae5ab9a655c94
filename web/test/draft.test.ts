import { expect, test } from "vitest";
import {
  besides,
  heard,
  isUnsaved,
  keepMine,
  opened,
  takeTheirs,
  typedIn,
  written,
} from "../src/core/draft.ts";

test("a change elsewhere shows where nothing was typed", () => {
  expect(heard(opened("a", "1"), "2")).toEqual(opened("a", "2"));
});

test("typing is saved, and its own echo changes nothing", () => {
  const draft = typedIn(opened("a", "1"), "12");
  expect(isUnsaved(draft)).toBe(true);
  const saved = written(draft, "12");
  expect(isUnsaved(saved)).toBe(false);
  expect(heard(typedIn(saved, "123"), "12")).toEqual(typedIn(saved, "123"));
});

test("two changes at once: neither is lost, one is chosen", () => {
  const apart = heard(typedIn(opened("a", "1"), "mine"), "theirs");
  expect(apart).toMatchObject({ here: "mine", theirs: "theirs" });
  expect(isUnsaved(apart)).toBe(false);
  expect(takeTheirs(apart)).toEqual(opened("a", "theirs"));
  expect(keepMine(apart)).toMatchObject({ here: "mine", there: "theirs", theirs: undefined });
  expect(isUnsaved(keepMine(apart))).toBe(true);
});

const TEXT = "a: 1\nb: 2\nc: 3\nd: 4\n";

test("changes of different lines go together", () => {
  const mine = typedIn(opened("a", TEXT), TEXT.replace("a: 1", "a: 1\nmine: true"));
  const both = heard(mine, TEXT.replace("d: 4", "d: 5"));
  expect(both).toMatchObject({ here: "a: 1\nmine: true\nb: 2\nc: 3\nd: 5\n", theirs: undefined });
  expect(isUnsaved(both)).toBe(true);
  // What came from there is known to be there: only the rest is to be written.
  expect(both.there).toBe(TEXT.replace("d: 4", "d: 5"));
});

test("changes of one line do not, and what was not chosen has a place of its own", () => {
  const mine = typedIn(opened("a.yaml", TEXT), TEXT.replace("b: 2", "b: mine"));
  const theirs = TEXT.replace("b: 2", "b: theirs");
  const apart = heard(mine, theirs);
  expect(apart).toMatchObject({ here: mine.here, theirs });
  expect(besides(apart, true)).toEqual({ path: "a.yaml.terminal", text: theirs });
  expect(besides(apart, false)).toEqual({ path: "a.yaml.editor", text: mine.here });
  // While it is open which holds, nothing is mended behind the learner's back.
  expect(heard(apart, TEXT.replace("d: 4", "d: 5")).here).toBe(mine.here);
});
