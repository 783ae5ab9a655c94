/** Narrow screens: one pane at a time, chosen at the foot of the page. */
import type { Pane } from "../core/layout.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { Icon, type IconName } from "./icon.tsx";

const PANES: readonly { pane: Pane; icon: IconName }[] = [
  { pane: "text", icon: "text" },
  { pane: "terminal", icon: "terminal" },
  { pane: "preview", icon: "window" },
];

export function Switcher({ desk }: { desk: Desk }) {
  const { pane } = desk.layout.value;
  const { previews } = desk.session;
  return (
    <nav class="switcher" aria-label={say("panes")}>
      {PANES.filter((each) => each.pane !== "preview" || previews.value.length > 0).map((each) => (
        <button
          type="button"
          key={each.pane}
          aria-current={each.pane === pane ? "true" : undefined}
          onClick={() => (each.pane === "preview" ? desk.openPreview(desk.path.value) : desk.show(each.pane))}
        >
          <Icon name={each.icon} />
          {say(`pane-${each.pane}`)}
        </button>
      ))}
    </nav>
  );
}
