import { expect, test } from "vitest";
import { heard, isUnsaved, keepMine, opened, takeTheirs, typedIn, written } from "../src/core/draft.ts";

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
