/** One terminal on the page: xterm.js fed by a `Stream`. What is typed, shown and resized is the server's terminal; nothing is emulated here. */

import { useSignalEffect } from "@preact/signals";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type ITheme, Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "preact/hooks";
import { localPort } from "../core/address.ts";
import { Stream } from "../core/stream.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { SearchBox } from "./search.tsx";

const THEME: ITheme = {
  background: "#0f1e28",
  foreground: "#e3edf1",
  cursor: "#82c9e0",
  cursorAccent: "#0f1e28",
  selectionBackground: "#2f5b70",
  black: "#1f3340",
  red: "#f2938c",
  green: "#9bd6a3",
  yellow: "#eac888",
  blue: "#8fbdf0",
  magenta: "#d0a9ea",
  cyan: "#82c9e0",
  white: "#d5e2e8",
  brightBlack: "#8aa2af",
  brightRed: "#ffb1aa",
  brightGreen: "#b9ecbf",
  brightYellow: "#ffe0a6",
  brightBlue: "#b3d4ff",
  brightMagenta: "#e6c8fa",
  brightCyan: "#aee3f4",
  brightWhite: "#ffffff",
};

function create(desk: Desk): Terminal {
  const layout = desk.layout.peek();
  return new Terminal({
    theme: THEME,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
    fontSize: layout.font_px,
    lineHeight: 1.25,
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    cursorInactiveStyle: "outline",
    scrollback: 5000,
    screenReaderMode: layout.reader,
    minimumContrastRatio: matchMedia("(prefers-contrast: more)").matches ? 7 : 4.5,
    rightClickSelectsWord: true,
    macOptionIsMeta: true,
  });
}

/** Links of the output: the workstation's own ports open in the preview, others in a tab. */
function followLink(desk: Desk, link: string): void {
  const local = localPort(link);
  if (local && desk.session.previews.value.some((preview) => preview.port === local.port)) {
    desk.session.shown.value = { port: local.port };
    desk.openPreview(local.path);
  } else {
    window.open(link, "_blank", "noopener,noreferrer");
  }
}

/** Keys that belong to the page: copy, search, and Shift-Tab, the way out of the terminal. */
function pageKey(event: KeyboardEvent, term: Terminal, search: () => void): boolean {
  if (event.key === "Tab" && event.shiftKey) return true;
  if (event.type !== "keydown" || !(event.ctrlKey || event.metaKey) || !event.shiftKey) return false;
  if (event.code === "KeyC" && term.hasSelection()) {
    event.preventDefault();
    void navigator.clipboard?.writeText(term.getSelection());
    return true;
  }
  if (event.code === "KeyF") {
    event.preventDefault();
    search();
    return true;
  }
  return event.code === "KeyV";
}

export function TerminalScreen({ desk, id, front }: { desk: Desk; id: number; front: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ term: Terminal; fit: FitAddon; search: SearchAddon } | undefined>(undefined);
  const [searching, setSearching] = useState(false);

  useEffect(() => {
    const box = place.current;
    if (!box) return;
    const term = create(desk);
    const fit = new FitAddon();
    const search = new SearchAddon();
    term.loadAddon(fit);
    term.loadAddon(search);
    term.loadAddon(new WebLinksAddon((_, link) => followLink(desk, link)));
    term.open(box);
    drawn.current = { term, fit, search };
    const { session } = desk;
    const stream = new Stream(id, session.link, {
      write: (bytes, done) => term.write(bytes, done),
      reset: () => term.reset(),
    });
    session.attach(stream);
    const open = () => stream.open(term.cols, term.rows);
    const stopOpening = session.onReattach(id, open);
    term.onData((text) => {
      desk.typedByHand(id, text);
      if (!stream.keys(text)) session.notify("warning", say("too-much-input"));
    });
    term.onResize(({ cols, rows }) => stream.resize(cols, rows));
    term.attachCustomKeyEventHandler((event) => !pageKey(event, term, () => setSearching(true)));
    const refit = () => {
      if (box.clientWidth > 0 && box.clientHeight > 0) fit.fit();
    };
    const watcher = new ResizeObserver(refit);
    watcher.observe(box);
    refit();
    // Before the greeting nobody is there to open it; then it is opened by that.
    if (session.met.peek()) open();
    desk.addScreen(id, {
      type: (text) => stream.input(text),
      focus: () => term.focus(),
      search: () => setSearching(true),
    });
    return () => {
      watcher.disconnect();
      stopOpening();
      desk.removeScreen(id);
      session.detach(id);
      term.dispose();
    };
  }, [desk, id]);

  useSignalEffect(() => {
    const { font_px, reader } = desk.layout.value;
    const now = drawn.current;
    if (!now) return;
    now.term.options.screenReaderMode = reader;
    if (now.term.options.fontSize === font_px) return;
    now.term.options.fontSize = font_px;
    now.fit.fit();
  });

  const ended = desk.session.ended.value.has(id);
  return (
    <div
      class="screen"
      role="tabpanel"
      id={`screen-${id}`}
      aria-labelledby={`tab-${id}`}
      hidden={!front}
      data-terminal={id}
    >
      <div class="screen-xterm" ref={place} />
      {searching && drawn.current && (
        <SearchBox
          search={drawn.current.search}
          close={() => {
            setSearching(false);
            drawn.current?.term.focus();
          }}
        />
      )}
      {ended && (
        <div class="screen-ended">
          <p>{say("shell-ended")}</p>
          <button type="button" class="button primary" onClick={() => desk.session.reopen(id)}>
            {say("shell-again")}
          </button>
        </div>
      )}
    </div>
  );
}
