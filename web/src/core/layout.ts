/**
 * How the learner has arranged the page: pure changes of one small record, and its text for the browser's storage.
 * What cannot be read, or is out of bounds, becomes the default: an arrangement is never an error.
 */

/** The panes of the working area. */
export const WORK = ["terminal", "picture", "files", "time", "preview"] as const;
export type Work = (typeof WORK)[number];
export type Pane = "text" | Work;

/** Where panes of the working area can be: two docks one above the other, and one beside them. */
export const DOCKS = ["top", "bottom", "side"] as const;
export type Dock = (typeof DOCKS)[number];

export interface Layout {
  /** The text's share of the width, in percent. */
  text: number;
  /** The top dock's share of the height, in percent. */
  terminal: number;
  /** The side dock's share of the working area's width, in percent. */
  side: number;
  /** Panes that are open, in the order of their tabs. */
  open: readonly Work[];
  /** The dock of each pane, where it comes back to when it was closed. */
  home: Readonly<Record<Work, Dock>>;
  /** The pane that each dock shows. */
  front: Readonly<Record<Dock, Work | undefined>>;
  /** The pane that a narrow screen shows. */
  pane: Pane;
  /** Of the terminal, in CSS pixels. */
  font_px: number;
  /** The terminal tells its lines to a screen reader. */
  reader: boolean;
}

export const DEFAULT: Layout = {
  text: 40,
  terminal: 58,
  side: 42,
  open: ["terminal", "picture", "files", "time"],
  home: { terminal: "top", picture: "bottom", files: "bottom", time: "bottom", preview: "bottom" },
  front: { top: "terminal", bottom: "picture", side: undefined },
  pane: "text",
  font_px: 13,
  reader: false,
};

/** Least and most of each share; the splitters say them to assistive technology. */
export const BOUNDS = { text: [25, 70], terminal: [20, 80], side: [20, 80] } as const;
export const FONT_PX = [10, 28] as const;

export type Share = keyof typeof BOUNDS;

function within(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}

/** The panes of a dock, in the order of their tabs. */
export function docked(layout: Layout, dock: Dock): readonly Work[] {
  return layout.open.filter((pane) => layout.home[pane] === dock);
}

export function isFront(layout: Layout, pane: Work): boolean {
  return layout.front[layout.home[pane]] === pane;
}

/** Every dock shows one of its panes, or is empty. */
function settled(layout: Layout): Layout {
  const shown = (dock: Dock) => {
    const panes = docked(layout, dock);
    const front = layout.front[dock];
    return front !== undefined && panes.includes(front) ? front : panes[0];
  };
  return { ...layout, front: { top: shown("top"), bottom: shown("bottom"), side: shown("side") } };
}

/** Opens a pane where it was last, and brings it to the front. */
export function show(layout: Layout, pane: Pane): Layout {
  if (pane === "text") return { ...layout, pane };
  const open = layout.open.includes(pane) ? layout.open : [...layout.open, pane];
  return settled({ ...layout, pane, open, front: { ...layout.front, [layout.home[pane]]: pane } });
}

/** Closes a pane; a narrow screen goes back to the text. */
export function close(layout: Layout, pane: Work): Layout {
  const open = layout.open.filter((other) => other !== pane);
  return settled({ ...layout, open, pane: layout.pane === pane ? "text" : layout.pane });
}

/** Moves a pane into a dock, in front and last of its tabs. */
export function move(layout: Layout, pane: Work, dock: Dock): Layout {
  const open = [...layout.open.filter((other) => other !== pane), pane];
  const home = { ...layout.home, [pane]: dock };
  return settled({ ...layout, open, home, front: { ...layout.front, [dock]: pane } });
}

/** All panes where they are at first; sizes of text and what a reader needs stay. */
export function tidied(layout: Layout): Layout {
  const { font_px, reader, pane } = layout;
  return { ...DEFAULT, font_px, reader, pane };
}

export function resize(layout: Layout, share: Share, percent: number): Layout {
  return { ...layout, [share]: within(Math.round(percent * 10) / 10, BOUNDS[share]) };
}

/** What a key does to a splitter: its new share in percent, or `undefined` when the key means nothing here. */
export function keyed(key: string, percent: number, share: Share): number | undefined {
  const [least, most] = BOUNDS[share];
  // The line beside the side dock moves against its share.
  const [less, more] = {
    text: ["ArrowLeft", "ArrowRight"],
    terminal: ["ArrowUp", "ArrowDown"],
    side: ["ArrowRight", "ArrowLeft"],
  }[share];
  switch (key) {
    case less:
      return within(percent - 2, BOUNDS[share]);
    case more:
      return within(percent + 2, BOUNDS[share]);
    case "PageUp":
      return within(percent - 10, BOUNDS[share]);
    case "PageDown":
      return within(percent + 10, BOUNDS[share]);
    case "Home":
      return least;
    case "End":
      return most;
    case "Enter":
      return DEFAULT[share];
    default:
      return undefined;
  }
}

export function zoom(layout: Layout, by_px: number): Layout {
  return { ...layout, font_px: within(layout.font_px + by_px, FONT_PX) };
}

export function write(layout: Layout): string {
  return JSON.stringify(layout);
}

/** What was written; the preview is not open at first, because nothing is forwarded yet. */
export function read(text: string | null): Layout {
  let found: Partial<Record<keyof Layout, unknown>> = {};
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value === "object" && value !== null) found = value;
  } catch {
    return DEFAULT;
  }
  const number = (key: Share | "font_px", bounds: readonly [number, number]) => {
    const value = found[key];
    return typeof value === "number" && Number.isFinite(value) ? within(value, bounds) : DEFAULT[key];
  };
  const open = Array.isArray(found.open)
    ? [...new Set(found.open)].filter((pane): pane is Work => WORK.includes(pane) && pane !== "preview")
    : DEFAULT.open;
  const home = { ...DEFAULT.home };
  const front = { ...DEFAULT.front };
  for (const pane of WORK) {
    const dock = DOCKS.find((each) => each === member(found.home, pane));
    if (dock) home[pane] = dock;
  }
  for (const dock of DOCKS) {
    const pane = WORK.find((each) => each === member(found.front, dock));
    if (pane) front[dock] = pane;
  }
  return settled({
    text: number("text", BOUNDS.text),
    terminal: number("terminal", BOUNDS.terminal),
    side: number("side", BOUNDS.side),
    font_px: number("font_px", FONT_PX),
    open,
    home,
    front,
    pane: "text",
    reader: found.reader === true,
  });
}

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
}
