/** Bringing a saved session back, on the course page. What is there already goes only when the learner says so. */
import { useRef, useState } from "preact/hooks";
import { say } from "../page.ts";
import type { Brought, Trouble } from "../wire/wire.ts";
import { Icon } from "./icon.tsx";

/** As the server takes them. */
const MOST_BYTES = 4 * 1024 * 1024;

type Sent =
  | { kind: "brought"; to: string }
  | { kind: "there"; why: string }
  | { kind: "failed"; why: string };

async function send(base: string, file: File, replace: boolean): Promise<Sent> {
  if (file.size > MOST_BYTES) return { kind: "failed", why: say("file-too-large") };
  const path = `${base}api/files?replace=${replace}`;
  const answer = await fetch(path, { method: "POST", body: file }).catch(() => undefined);
  if (answer?.status === 413) return { kind: "failed", why: say("file-too-large") };
  const said: unknown = await answer?.json().catch(() => undefined);
  if (answer?.ok) return { kind: "brought", to: (said as Brought).to };
  const why = (said as Trouble | undefined)?.message ?? say("bring-failed");
  return { kind: answer?.status === 409 ? "there" : "failed", why };
}

export function Bring({ base }: { base: string }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const bring = async (replace: boolean) => {
    const file = field.current?.files?.[0];
    if (!file) return;
    setBusy(true);
    setTrouble("");
    const sent = await send(base, file, replace);
    setBusy(false);
    if (sent.kind === "brought") location.assign(sent.to);
    else if (sent.kind === "there") dialog.current?.showModal();
    else setTrouble(sent.why);
    if (sent.kind === "failed" && field.current) field.current.value = "";
  };
  return (
    <div class="bring">
      <input
        ref={field}
        class="sr"
        type="file"
        tabIndex={-1}
        aria-hidden="true"
        accept=".gz,application/gzip"
        onChange={() => void bring(false)}
      />
      <button
        type="button"
        class="button"
        disabled={busy}
        aria-describedby="bring-more"
        onClick={() => {
          if (field.current) field.current.value = "";
          field.current?.click();
        }}
      >
        <Icon name="up" />
        {say(busy ? "bring-busy" : "bring")}
      </button>
      <p id="bring-more">{say("bring-more")}</p>
      <p class="trouble" role="alert">
        {trouble}
      </p>
      <dialog class="dialog" ref={dialog} aria-labelledby="replace-title">
        <h2 id="replace-title">{say("file-replace-title")}</h2>
        <p>{say("file-replace-words")}</p>
        <form method="dialog" class="dialog-buttons">
          <button type="submit" class="button">
            {say("cancel")}
          </button>
          <button type="submit" class="button primary" onClick={() => void bring(true)}>
            {say("file-replace-yes")}
          </button>
        </form>
      </dialog>
    </div>
  );
}
