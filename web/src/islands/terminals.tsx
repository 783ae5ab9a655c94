/** The pane of terminals: a tab each, tools at its end, and on touch screens the keys that a phone has not. */
import { useState } from "preact/hooks";
import { zoom } from "../core/layout.ts";
import type { Desk } from "../desk.ts";
import { announce, say } from "../page.ts";
import { MAX_TERMINALS } from "../wire/wire.ts";
import { handle, isShown, PaneMenu, PaneTabs } from "./dock.tsx";
import { Icon, IconButton } from "./icon.tsx";
import { TerminalScreen } from "./screen.tsx";

const KEYS: readonly { name: string; keys: string; label?: string }[] = [
  { name: "Tab", keys: "\t" },
  { name: "^C", keys: "\x03", label: "Control C" },
  { name: "^D", keys: "\x04", label: "Control D" },
  { name: "Esc", keys: "\x1b" },
  { name: "↑", keys: "\x1b[A", label: "key-up" },
  { name: "↓", keys: "\x1b[B", label: "key-down" },
  { name: "|", keys: "|" },
  { name: "-", keys: "-" },
  { name: "/", keys: "/" },
];

function Tab({ desk, id }: { desk: Desk; id: number }) {
  const ids = desk.session.terminals.value;
  const front = desk.active.value === id;
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const to = ids[(ids.indexOf(id) + step + ids.length) % ids.length];
    if (step === 0 || to === undefined) return;
    desk.active.value = to;
    document.getElementById(`tab-${to}`)?.focus();
  };
  return (
    <span class="tab" data-front={front}>
      <button
        type="button"
        role="tab"
        id={`tab-${id}`}
        aria-selected={front}
        aria-controls={`screen-${id}`}
        tabIndex={front ? 0 : -1}
        onClick={() => {
          desk.active.value = id;
        }}
        onKeyDown={move}
        {...handle(desk, "terminal")}
      >
        <Icon name="terminal" />
        {say("terminal", { number: id })}
      </button>
    </span>
  );
}

function Tools({ desk }: { desk: Desk }) {
  const layout = desk.layout.value;
  const ids = desk.session.terminals.value;
  const change = (by_px: number) => {
    desk.layout.value = zoom(layout, by_px);
  };
  return (
    <div class="pane-tools">
      {ids.length > 1 && (
        <IconButton
          icon="close"
          label={say("terminal-close", { number: desk.active.value })}
          onClick={() => desk.session.closeTerminal(desk.active.value)}
        />
      )}
      {desk.session.previews.value.length > 0 && !isShown(desk, "preview") && (
        <IconButton
          icon="window"
          label={say("preview-open")}
          onClick={() => desk.openPreview(desk.path.value)}
        />
      )}
      <IconButton icon="search" label={say("search")} onClick={() => desk.search()} />
      <IconButton icon="smaller" label={say("font-smaller")} onClick={() => change(-1)} />
      <IconButton icon="larger" label={say("font-larger")} onClick={() => change(1)} />
      <IconButton
        icon="reader"
        label={say("reader")}
        pressed={layout.reader}
        onClick={() => {
          desk.layout.value = { ...layout, reader: !layout.reader };
          announce(say(layout.reader ? "reader-off" : "reader-on"));
        }}
      />
      <PaneMenu desk={desk} pane="terminal" />
    </div>
  );
}

function Keys({ desk }: { desk: Desk }) {
  const [open] = useState(() => matchMedia("(pointer: coarse)").matches);
  if (!open) return null;
  return (
    <div class="keys" role="toolbar" aria-label={say("keys")}>
      {KEYS.map((key) => (
        <button
          type="button"
          key={key.name}
          aria-label={key.label?.startsWith("key-") ? say(key.label) : key.label}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => desk.press(key.keys)}
        >
          {key.name}
        </button>
      ))}
    </div>
  );
}

export function Terminals({ desk }: { desk: Desk }) {
  const ids = desk.session.terminals.value;
  return (
    <section
      class="pane terminals"
      id="terminals"
      data-work="terminal"
      data-dock={desk.layout.value.home.terminal}
      hidden={!isShown(desk, "terminal")}
      aria-label={say("terminals")}
    >
      <div class="pane-bar">
        <PaneTabs desk={desk} pane="terminal" />
        <div class="tabs" role="tablist" aria-label={say("terminals")}>
          {ids.map((id) => (
            <Tab key={id} desk={desk} id={id} />
          ))}
        </div>
        {desk.session.met.value && (
          <IconButton
            icon="plus"
            label={say("terminal-new")}
            disabled={ids.length >= MAX_TERMINALS}
            onClick={() => {
              desk.active.value = desk.session.addTerminal(MAX_TERMINALS) ?? desk.active.value;
            }}
          />
        )}
        <Tools desk={desk} />
      </div>
      <div class="screens">
        {!desk.session.met.value && <p class="screens-empty">{say("getting-ready")}</p>}
        {ids.map((id) => (
          <TerminalScreen key={id} desk={desk} id={id} front={desk.active.value === id} />
        ))}
      </div>
      <Keys desk={desk} />
    </section>
  );
}
