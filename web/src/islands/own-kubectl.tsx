/** A kubeconfig for the kubectl on the learner's own computer: fetched, saved as a file, and how to use it. */
import { useState } from "preact/hooks";
import { saveAs } from "../download.ts";
import { say } from "../page.ts";
import type { Trouble } from "../wire/wire.ts";
import { Takeaway } from "./takeaway.tsx";

const COMMANDS = "export KUBECONFIG=$PWD/podschool.kubeconfig\nkubectl get pods";
/** As long as the server lets its token work. */
const LASTS_MS = 60 * 60 * 1000;

type Got =
  | { kind: "none" }
  | { kind: "getting" }
  | { kind: "got"; until: Date }
  | { kind: "failed"; why: string };

/** Asks for it, and saves it; what came of it. */
async function get(path: string): Promise<Got> {
  const until = new Date(Date.now() + LASTS_MS);
  const answer = await fetch(path, { method: "POST" }).catch(() => undefined);
  if (answer?.ok) {
    saveAs("podschool.kubeconfig", await answer.blob());
    return { kind: "got", until };
  }
  const said = (await answer?.json().catch(() => undefined)) as Trouble | undefined;
  return { kind: "failed", why: said?.message ?? say("own-kubectl-failed") };
}

function clock(time: Date): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" }).format(time);
}

export function OwnKubectl({
  path,
  dialog,
}: {
  path: string;
  dialog: { current: HTMLDialogElement | null };
}) {
  const [got, setGot] = useState<Got>({ kind: "none" });
  return (
    <dialog
      class="dialog wide"
      ref={(element) => {
        dialog.current = element;
      }}
      aria-labelledby="own-kubectl-name"
      onClose={() => setGot({ kind: "none" })}
    >
      <h2 id="own-kubectl-name">{say("own-kubectl")}</h2>
      <p>{say("own-kubectl-words")}</p>
      <div role="status">
        {got.kind === "got" && (
          <>
            <p>{say("own-kubectl-then")}</p>
            <Takeaway label={say("own-kubectl-commands")} text={COMMANDS} lines={2} />
            <p class="eyebrow">{say("own-kubectl-until", { time: clock(got.until) })}</p>
          </>
        )}
        {got.kind === "failed" && <p class="trouble">{got.why}</p>}
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {say("close")}
        </button>
        {got.kind !== "got" && (
          <button
            type="button"
            class="button primary"
            disabled={got.kind === "getting"}
            onClick={async () => {
              setGot({ kind: "getting" });
              setGot(await get(path));
            }}
          >
            {say(got.kind === "getting" ? "own-kubectl-getting" : "own-kubectl-get")}
          </button>
        )}
      </div>
    </dialog>
  );
}
