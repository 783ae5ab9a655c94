/**
 * Panes and their docks: the tabs of a dock, the menu with which a pane is moved and closed, the places where one that is
 * dragged can be dropped, and the menu of all panes in the page's bar.
 */
import { DOCKS, type Dock, docked, isFront, WORK, type Work } from "../core/layout.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { Icon, IconButton, type IconName } from "./icon.tsx";

export const PANE_ICONS: Record<Work, IconName> = {
  terminal: "terminal",
  picture: "cluster",
  files: "file",
  time: "clock",
  preview: "window",
};
const DOCK_ICONS: Record<Dock, IconName> = { top: "dockTop", bottom: "dockBottom", side: "dockSide" };

/** What makes an element the handle by which a pane is dragged. */
export function handle(desk: Desk, pane: Work) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer?.setData("text/plain", pane);
      if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
      // Places to drop would end the drag if they came up under its first move.
      setTimeout(() => {
        desk.dragged.value = pane;
      });
    },
    onDragEnd: () => {
      desk.dragged.value = undefined;
    },
  };
}

/** The panes of a dock: the one in front, and the others a click or an arrow away. */
export function PaneTabs({ desk, pane }: { desk: Desk; pane: Work }) {
  const layout = desk.layout.value;
  const panes = docked(layout, layout.home[pane]);
  if (pane === "terminal" && panes.length < 2) return null;
  const walk = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const to = panes[(panes.indexOf(pane) + step + panes.length) % panes.length];
    if (step === 0 || event.altKey || to === undefined) return;
    desk.show(to);
    requestAnimationFrame(() => document.getElementById(`pane-${to}`)?.focus());
  };
  return (
    <div class="pane-tabs" role="tablist" aria-label={say("panes")}>
      {panes.map((each) => (
        <button
          type="button"
          role="tab"
          key={each}
          class="pane-name"
          id={each === pane ? `pane-${each}` : undefined}
          aria-selected={each === pane}
          aria-controls={each === pane ? regionOf(each) : undefined}
          tabIndex={each === pane ? 0 : -1}
          onClick={() => desk.show(each)}
          onKeyDown={walk}
          {...handle(desk, each)}
        >
          <Icon name={PANE_ICONS[each]} />
          {say(`pane-${each}`)}
        </button>
      ))}
    </div>
  );
}

/** The id of a pane's region. */
export function regionOf(pane: Work): string {
  return pane === "terminal" ? "terminals" : pane;
}

/** Where a pane can go, and the way to close it. */
export function PaneMenu({ desk, pane }: { desk: Desk; pane: Work }) {
  const here = desk.layout.value.home[pane];
  const done = (event: MouseEvent, act: () => void) => {
    (event.currentTarget as HTMLElement).closest("details")?.removeAttribute("open");
    act();
  };
  return (
    <>
      <details class="menu pane-menu" name="pane">
        <summary
          class="icon-button"
          aria-label={say("pane-move-of", { pane: say(`pane-${pane}`) })}
          title={say("pane-move")}
        >
          <Icon name={DOCK_ICONS[here]} />
        </summary>
        <div class="menu-list">
          {DOCKS.filter((dock) => dock !== here).map((dock) => (
            <button type="button" key={dock} onClick={(event) => done(event, () => desk.move(pane, dock))}>
              <Icon name={DOCK_ICONS[dock]} />
              {say(`dock-${dock}`)}
            </button>
          ))}
        </div>
      </details>
      <span class="pane-close">
        <IconButton
          icon="close"
          label={say("pane-close-of", { pane: say(`pane-${pane}`) })}
          onClick={() => desk.close(pane)}
        />
      </span>
    </>
  );
}

/** While a pane is dragged: the docks, to be dropped into. */
export function DropPlaces({ desk }: { desk: Desk }) {
  const pane = desk.dragged.value;
  if (!pane) return null;
  return (
    <div class="drop-places">
      {DOCKS.map((dock) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the menu and the keys are the ways without a pointer
        <div
          key={dock}
          class="drop-place"
          data-dock={dock}
          onDragEnter={(event) => event.currentTarget.classList.add("over")}
          onDragLeave={(event) => event.currentTarget.classList.remove("over")}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            desk.dragged.value = undefined;
            desk.move(pane, dock);
          }}
        >
          <Icon name={DOCK_ICONS[dock]} />
          {say(`dock-${dock}`)}
        </div>
      ))}
    </div>
  );
}

/** Opens and closes panes, puts all of them back, and tells the keys. */
export function PanesMenu({ desk }: { desk: Desk }) {
  const layout = desk.layout.value;
  const previews = desk.session.previews.value;
  const panes = WORK.filter((pane) => pane !== "preview" || previews.length > 0);
  return (
    <details class="menu panes-menu" name="bar">
      <summary class="icon-button" aria-label={say("panes")} title={say("panes")}>
        <Icon name="panes" />
      </summary>
      <div class="menu-list">
        {panes.map((pane) => (
          <button
            type="button"
            key={pane}
            aria-pressed={layout.open.includes(pane)}
            onClick={() => (layout.open.includes(pane) ? desk.close(pane) : desk.show(pane))}
          >
            <Icon name={PANE_ICONS[pane]} />
            {say(`pane-${pane}`)}
            <kbd>Alt {keyOf(pane)}</kbd>
          </button>
        ))}
        <button type="button" onClick={() => desk.tidy()}>
          <Icon name="restart" />
          {say("panes-tidy")}
        </button>
        <dl class="panes-keys">
          {(["F6", "Alt ⇧ ↑ ↓ →", "Ctrl ⇧ F", "Ctrl ⇧ C", "Ctrl ⇧ V"] as const).map((keys, index) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{say(`keys-${index + 1}`)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </details>
  );
}

/** The digit that brings a pane to the front, with Alt; the text has 1. */
export function keyOf(pane: Work): number {
  return WORK.indexOf(pane) + 2;
}

/** Whether a pane has to be drawn: in front of its dock. */
export function isShown(desk: Desk, pane: Work): boolean {
  const layout = desk.layout.value;
  return layout.open.includes(pane) && isFront(layout, pane);
}
