/**
 * The working area: three docks with panes, of which one each is in front. The terminals stay drawn where another pane
 * hides them, so that they keep what they show.
 */
import type { ComponentType } from "preact";
import { DOCKS, docked, type Layout, type Work } from "../core/layout.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { ClusterPane } from "./cluster.tsx";
import { DropPlaces, isShown } from "./dock.tsx";
import { FilesPane } from "./files.tsx";
import { PreviewPane } from "./preview.tsx";
import { Splitter } from "./splitter.tsx";
import { Terminals } from "./terminals.tsx";
import { TimePane } from "./time.tsx";

const PANES: readonly [Exclude<Work, "terminal">, ComponentType<{ desk: Desk }>][] = [
  ["picture", ClusterPane],
  ["files", FilesPane],
  ["time", TimePane],
  ["preview", PreviewPane],
];

/** Which docks have panes, for the grid that they stand in. */
function shapeOf(layout: Layout): string {
  return DOCKS.filter((dock) => docked(layout, dock).length > 0).join(" ");
}

export function Workspace({ desk }: { desk: Desk }) {
  const layout = desk.layout.value;
  const shape = shapeOf(layout);
  const front = (dock: "top" | "bottom" | "side") => layout.front[dock] ?? "";
  return (
    <div
      class="work"
      data-docks={shape}
      style={{ "--terminal": `${layout.terminal}%`, "--side": `${layout.side}%` }}
    >
      <h1 class="sr work-title">{document.title}</h1>
      {layout.open.includes("terminal") && <Terminals desk={desk} key="terminal" />}
      {PANES.map(([pane, Pane]) => isShown(desk, pane) && <Pane desk={desk} key={pane} />)}
      {shape.startsWith("top bottom") && (
        <Splitter
          key="rows"
          desk={desk}
          share="terminal"
          label={say("split-terminal")}
          controls={`${front("top")} ${front("bottom")}`}
        />
      )}
      {shape.includes(" side") && (
        <Splitter key="columns" desk={desk} share="side" label={say("split-side")} controls={front("side")} />
      )}
      {shape === "" && (
        <div class="empty" key="none">
          <p>{say("panes-none")}</p>
          <button type="button" class="button" onClick={() => desk.tidy()}>
            {say("panes-tidy")}
          </button>
        </div>
      )}
      <DropPlaces desk={desk} key="drop" />
    </div>
  );
}
