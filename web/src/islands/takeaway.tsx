/** A text to take along. */
import { useState } from "preact/hooks";
import { announce, say } from "../page.ts";
import { Icon } from "./icon.tsx";

/** The text, and the button that copies it. */
export function Takeaway({ label, text, lines }: { label: string; text: string; lines: number }) {
  const [done, setDone] = useState(false);
  return (
    <div class="takeaway">
      <textarea
        aria-label={label}
        readOnly
        rows={lines}
        spellcheck={false}
        value={text}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button
        type="button"
        class="button primary"
        onBlur={() => setDone(false)}
        onClick={async () => {
          await navigator.clipboard?.writeText(text);
          setDone(true);
          announce(say("copied"));
        }}
      >
        <Icon name={done ? "check" : "copy"} />
        {say(done ? "copied" : "copy")}
      </button>
    </div>
  );
}
