/** A lesson within a page of others waits for a click: nobody's visit alone makes a cluster. */
import { useState } from "preact/hooks";
import pod from "../art/pod.svg?raw";
import { say } from "../page.ts";
import type { Embedded, PageEmbed, Trouble } from "../wire/wire.ts";
import { Icon } from "./icon.tsx";

async function start(embed: PageEmbed): Promise<Embedded | string> {
  const answer = await fetch(embed.start, { method: "POST", credentials: "omit" }).catch(() => undefined);
  const said: unknown = await answer?.json().catch(() => undefined);
  if (answer?.ok) return said as Embedded;
  return (said as Trouble | undefined)?.message ?? say("embed-failed");
}

export function Start({ embed, begin }: { embed: PageEmbed; begin: (embedded: Embedded) => void }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  return (
    <div class="start">
      <div class="empty-art" dangerouslySetInnerHTML={{ __html: pod }} />
      <p>{say("embed-start-words")}</p>
      <button
        type="button"
        class="button primary"
        disabled={busy}
        onClick={async () => {
          setBusy(true);
          setTrouble("");
          const answer = await start(embed);
          setBusy(false);
          if (typeof answer === "string") setTrouble(answer);
          else begin(answer);
        }}
      >
        <Icon name="play" />
        {say(busy ? "embed-starting" : "embed-start")}
      </button>
      <p class="trouble" role="alert">
        {trouble}
      </p>
    </div>
  );
}
