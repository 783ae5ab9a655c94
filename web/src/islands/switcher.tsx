/** Narrow screens: one pane at a time, chosen at the foot of the page. */
import type { Pane } from "../core/layout.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import type { PageStep } from "../wire/wire.ts";
import { Icon, type IconName } from "./icon.tsx";

const PANES: readonly { pane: Pane; icon: IconName }[] = [
  { pane: "text", icon: "text" },
  { pane: "terminal", icon: "terminal" },
  { pane: "picture", icon: "cluster" },
  { pane: "files", icon: "file" },
  { pane: "time", icon: "clock" },
  { pane: "preview", icon: "window" },
];

export function Switcher({ desk, steps }: { desk: Desk; steps: readonly PageStep[] }) {
  const { pane } = desk.layout.value;
  const ticked = steps.find((step) => step.id === desk.ticked.value);
  const { previews } = desk.session;
  return (
    <nav class="switcher" aria-label={say("panes")}>
      {ticked && pane !== "text" && (
        <button type="button" class="switcher-ticked" onClick={() => desk.readOn()}>
          <Icon name="check" />
          <span>{ticked.title}</span>
          <strong>{say("read-on")}</strong>
        </button>
      )}
      {PANES.filter((each) => each.pane !== "preview" || previews.value.length > 0).map((each) => (
        <button
          type="button"
          key={each.pane}
          aria-current={each.pane === pane ? "true" : undefined}
          onClick={() => {
            desk.show(each.pane);
            if (each.pane === "text") desk.ticked.value = undefined;
          }}
        >
          <Icon name={each.icon} />
          {say(each.pane === "text" && steps.length === 0 ? "play-examples" : `pane-${each.pane}`)}
        </button>
      ))}
    </nav>
  );
}
