/** Keys of the whole page: F6 goes around the panes, Alt and a digit to one of them, Alt, Shift and an arrow move the one with the focus. */
import { type Dock, type Pane, WORK } from "./core/layout.ts";
import type { Desk } from "./desk.ts";

const MOVES: Readonly<Record<string, Dock>> = { ArrowUp: "top", ArrowDown: "bottom", ArrowRight: "side" };
const PANES: readonly Pane[] = ["text", ...WORK];

/** What a key does on the desk; false when it is not one of the page's. */
function obey(desk: Desk, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  if (event.key === "F6") {
    desk.focusNext();
    return true;
  }
  if (!event.altKey) return false;
  const dock = event.shiftKey ? MOVES[event.key] : undefined;
  const from = desk.focused();
  if (dock && from !== "text") {
    desk.move(from, dock);
    desk.focus(from);
    return true;
  }
  // By its place: with Alt some keyboards write other signs.
  const pane = event.shiftKey ? undefined : PANES[Number(/^Digit(\d)$/.exec(event.code)?.[1]) - 1];
  if (!pane || (pane === "preview" && desk.session.previews.value.length === 0)) return false;
  desk.focus(pane);
  return true;
}

/** Takes the page's keys before the terminal does. */
export function listenToKeys(desk: Desk): void {
  document.addEventListener(
    "keydown",
    (event) => {
      if (!obey(desk, event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}
