/**
 * The learner's desk: the arrangement of the panes and the verbs that islands ask of each other (type this command, show
 * that pane). One for a page; it draws nothing.
 */
import { effect, type Signal, signal } from "@preact/signals";
import { typed } from "./core/commands.ts";
import {
  close,
  DOCKS,
  type Dock,
  type Layout,
  move,
  type Pane,
  read,
  show,
  tidied,
  type Work,
  write,
} from "./core/layout.ts";
import type { Session } from "./core/session.ts";
import { Files } from "./files.ts";
import { announce, say } from "./page.ts";
import { remember, remembered } from "./store.ts";

const INTERRUPT = "\x03";
/** After Ctrl-C the prompt is back by then; what is typed earlier is not lost, but shown twice. */
const PROMPT_AFTER_MS = 250;

/** What a drawn terminal can do for others. */
export interface Screen {
  type(text: string): boolean;
  focus(): void;
  search(): void;
}

function regionOf(pane: Pane): HTMLElement | null {
  return document.querySelector(pane === "text" ? "#text" : `[data-work="${pane}"]`);
}

export class Desk {
  readonly session: Session;
  readonly files: Files;
  readonly layout: Signal<Layout> = signal(read(remembered("layout")));
  /** The terminal whose tab is in front. */
  readonly active = signal(1);
  /** The step that was ticked last while the text was out of sight (narrow screens). */
  readonly ticked = signal<string | undefined>(undefined);
  /** Path shown in the preview, for links that lead there. */
  readonly path = signal("/");
  /** The endless command (`logs -f`, `port-forward`) that was run from the text and still holds its terminal. */
  readonly running = signal<{ block: string; terminal: number } | undefined>(undefined);
  /** The pane whose tab is being dragged. */
  readonly dragged = signal<Work | undefined>(undefined);
  readonly #screens = new Map<number, Screen>();
  #typeLater: string[] = [];
  /** The frame in which a pane takes the focus. */
  #entering = 0;

  /** The page stands within somebody's page. */
  readonly embedded: boolean;

  constructor(session: Session, embedded = false) {
    this.session = session;
    this.embedded = embedded;
    this.files = new Files(session);
    effect(() => remember("layout", write(this.layout.value)));
    effect(() => {
      const ids = session.terminals.value;
      if (ids.length > 0 && !ids.includes(this.active.peek())) this.active.value = ids[ids.length - 1] ?? 1;
    });
    effect(() => {
      if (session.shown.value) this.openPreview("/");
    });
    effect(() => {
      if (session.previews.value.length === 0 && this.layout.peek().open.includes("preview"))
        this.close("preview");
    });
  }

  /** A step was ticked: the next one comes into view, unless the learner reads elsewhere. */
  goOn(step: string): void {
    if (this.layout.peek().pane !== "text") this.ticked.value = step;
    const foot = document.querySelector(`#step-${step} .step-foot`)?.getBoundingClientRect();
    if (!foot || foot.bottom < 0 || foot.top > innerHeight) return;
    const next = this.session.next();
    if (next) document.querySelector(`#step-${next.id} > h2`)?.scrollIntoView({ block: "nearest" });
  }

  /** Back to the text from a narrow screen's other panes, at what is next. */
  readOn(): void {
    this.ticked.value = undefined;
    this.show("text");
    const next = this.session.next();
    document.querySelector(next ? `#step-${next.id}` : "#learned, .finish")?.scrollIntoView();
  }

  addScreen(id: number, screen: Screen): void {
    this.#screens.set(id, screen);
    if (id !== this.active.value) return;
    for (const text of this.#typeLater.splice(0)) screen.type(text);
  }

  removeScreen(id: number): void {
    this.#screens.delete(id);
  }

  /**
   * Types a command of the text into the terminal in front, and runs it; an endless one that was started from the text
   * is stopped first. `hand`: by pointer, so the terminal gets the focus.
   */
  run(block: string, { hand, endless }: { hand: boolean; endless: boolean }): void {
    const terminal = this.active.value;
    const screen = this.#screens.get(terminal);
    const busy = this.running.value?.terminal === terminal;
    this.show("terminal");
    if (busy && screen) {
      screen.type(INTERRUPT);
      setTimeout(() => screen.type(typed(block)), PROMPT_AFTER_MS);
    } else if (!screen) this.#typeLater.push(typed(block));
    else if (!screen.type(typed(block))) this.session.notify("warning", say("too-much-input"));
    if (endless || this.running.value?.terminal === terminal) {
      this.running.value = endless ? { block, terminal } : undefined;
    }
    if (hand && !matchMedia("(width < 48rem)").matches) screen?.focus();
    announce(say("typed", { number: this.active.value }));
  }

  /** Ends the endless command, as Ctrl-C does. */
  stop(): void {
    const running = this.running.value;
    if (!running) return;
    this.#screens.get(running.terminal)?.type(INTERRUPT);
    this.running.value = undefined;
  }

  /** Keys went to a terminal by hand: after Ctrl-C nothing endless runs there. */
  typedByHand(terminal: number, keys: string): void {
    if (this.running.value?.terminal === terminal && keys.includes(INTERRUPT)) this.running.value = undefined;
  }

  /** Brings a pane to the front of its dock; narrow screens show one pane at a time. */
  show(pane: Pane): void {
    this.layout.value = show(this.layout.peek(), pane);
  }

  close(pane: Work): void {
    this.layout.value = close(this.layout.peek(), pane);
    announce(say("pane-closed", { pane: say(`pane-${pane}`) }));
  }

  move(pane: Work, dock: Dock): void {
    this.layout.value = move(this.layout.peek(), pane, dock);
    announce(say("pane-moved", { pane: say(`pane-${pane}`), dock: say(`dock-${dock}`) }));
  }

  /** All panes back to where they are at first. */
  tidy(): void {
    this.layout.value = tidied(this.layout.peek());
  }

  openPreview(path: string): void {
    this.path.value = path;
    this.show("preview");
  }

  /** The pane that has the focus; the text where none of the working area has. */
  focused(): Pane {
    const region = document.activeElement?.closest<HTMLElement>("[data-work]");
    return (region?.dataset.work as Work | undefined) ?? "text";
  }

  /** Shows a pane and puts the focus into it: at once, so that the very next key goes there. */
  focus(pane: Pane): void {
    this.show(pane);
    this.#enter(pane);
    // A pane that was hidden, or moves to another dock, takes the focus when it is drawn there.
    cancelAnimationFrame(this.#entering);
    this.#entering = requestAnimationFrame(() => {
      if (!regionOf(pane)?.contains(document.activeElement)) this.#enter(pane);
    });
  }

  #enter(pane: Pane): void {
    if (pane === "terminal") {
      this.focusTerminal();
      return;
    }
    const region = regionOf(pane);
    const inside = region?.querySelector<HTMLElement>(
      ".cm-content, [data-first], .drawing, .lanes, [role=tab]",
    );
    (inside ?? region)?.focus();
  }

  /** The next pane that can be seen, in a circle that begins with the text. */
  focusNext(): void {
    const { front } = this.layout.peek();
    const circle: Pane[] = ["text", ...DOCKS.flatMap((dock) => front[dock] ?? [])];
    this.focus(circle[(circle.indexOf(this.focused()) + 1) % circle.length] ?? "text");
  }

  /** Presses keys in the terminal in front, as the keys row of touch screens does. */
  press(keys: string): void {
    this.#screens.get(this.active.value)?.type(keys);
    this.typedByHand(this.active.value, keys);
  }

  /** Opens the search of the terminal in front. */
  search(): void {
    this.#screens.get(this.active.value)?.search();
  }

  /** Puts a block of the text into a file of the home, and shows it in the editor. */
  async put(path: string, text: string): Promise<void> {
    if (!(await this.files.write(path, text))) return;
    this.show("files");
    await this.files.follow();
    await this.files.open(path);
    announce(say("file-put-done", { path }));
  }

  focusTerminal(): void {
    this.#screens.get(this.active.value)?.focus();
  }
}
