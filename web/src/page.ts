/** What the page was drawn with: its data, its words, its places for islands. The only file that reads the document's scripts. */
import { type ComponentChild, render } from "preact";
import { type Say, speech } from "./core/speech.ts";
import type { Props } from "./wire/wire.ts";

function text(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

export function readProps(): Props {
  return JSON.parse(text("page")) as Props;
}

export const say: Say = speech(document.documentElement.lang, text("strings"));

/** Draws into every place called `name`; a page without one simply has no such island. */
export function mount(name: string, island: ComponentChild): void {
  for (const place of document.querySelectorAll(`[data-island="${name}"]`)) {
    place.replaceChildren();
    render(island, place);
  }
}

/** Tells a screen reader, politely. */
export function announce(words: string): void {
  const live = document.getElementById("live");
  if (live) live.textContent = words;
}
