/** Light, dark, or as the system has it. Remembered on this device; `public/theme.js` applies it before the first paint. */
import { signal } from "@preact/signals";
import { say } from "../page.ts";
import { remember, remembered } from "../store.ts";
import { Icon, type IconName } from "./icon.tsx";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const ICONS: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" };

const chosen = signal<Theme>(THEMES.find((theme) => theme === remembered("theme")) ?? "system");

function choose(theme: Theme): void {
  chosen.value = theme;
  remember("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function ThemeMenu() {
  const theme = chosen.value;
  return (
    <details class="menu" name="bar">
      <summary class="icon-button" aria-label={say("theme")} title={say("theme")}>
        <Icon name={ICONS[theme]} />
      </summary>
      <div class="menu-list">
        {THEMES.map((each) => (
          <button
            type="button"
            key={each}
            aria-current={each === theme ? "true" : undefined}
            onClick={(event) => {
              choose(each);
              event.currentTarget.closest("details")?.removeAttribute("open");
            }}
          >
            <Icon name={ICONS[each]} />
            {say(`theme-${each}`)}
          </button>
        ))}
      </div>
    </details>
  );
}
