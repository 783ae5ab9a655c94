/** The names of the panes below the terminals: the one that is open, and the others a click away. */
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { Icon, type IconName } from "./icon.tsx";

const LOWER: readonly { pane: "picture" | "time" | "files"; icon: IconName }[] = [
  { pane: "picture", icon: "cluster" },
  { pane: "files", icon: "file" },
  { pane: "time", icon: "clock" },
];

export function LowerNames({ desk }: { desk: Desk }) {
  const { lower } = desk.layout.value;
  return (
    <nav class="lower-names" aria-label={say("panes")}>
      {LOWER.map((each) => (
        <button
          type="button"
          key={each.pane}
          class="pane-name"
          aria-current={lower === each.pane ? "true" : undefined}
          onClick={() => desk.openLower(each.pane)}
        >
          <Icon name={each.icon} />
          {say(`pane-${each.pane}`)}
        </button>
      ))}
      {desk.session.previews.value.length > 0 && (
        <button type="button" class="pane-name" onClick={() => desk.openPreview(desk.path.value)}>
          <Icon name="window" />
          {say("pane-preview")}
        </button>
      )}
    </nav>
  );
}
