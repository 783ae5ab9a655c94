/**
 * How the learner has arranged the page: pure changes of one small record, and its text for the browser's storage.
 * What cannot be read, or is out of bounds, becomes the default: an arrangement is never an error.
 */
export type Pane = "text" | "terminal" | "picture" | "time" | "files" | "preview";

/** What stands below the terminals. */
export type Lower = "none" | "picture" | "time" | "files" | "preview";

export interface Layout {
  /** The text's share of the width, in percent. */
  text: number;
  /** The terminals' share of the working area's height when something stands below them, in percent. */
  terminal: number;
  lower: Lower;
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
  lower: "picture",
  pane: "text",
  font_px: 13,
  reader: false,
};

/** Least and most of each share; the splitters say them to assistive technology. */
export const BOUNDS = { text: [25, 70], terminal: [20, 80] } as const;
export const FONT_PX = [10, 28] as const;

const LOWERS: readonly Lower[] = ["none", "picture", "time", "files"];

export type Share = keyof typeof BOUNDS;

function within(value: number, [least, most]: readonly [number, number]): number {
  return Math.min(most, Math.max(least, value));
}

export function resize(layout: Layout, share: Share, percent: number): Layout {
  return { ...layout, [share]: within(Math.round(percent * 10) / 10, BOUNDS[share]) };
}

/** What a key does to a splitter: its new share in percent, or `undefined` when the key means nothing here. */
export function keyed(key: string, percent: number, share: Share): number | undefined {
  const [least, most] = BOUNDS[share];
  const [less, more] = share === "text" ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
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
  return {
    text: number("text", BOUNDS.text),
    terminal: number("terminal", BOUNDS.terminal),
    font_px: number("font_px", FONT_PX),
    lower: LOWERS.find((lower) => lower === found.lower) ?? "picture",
    pane: "text",
    reader: found.reader === true,
  };
}
