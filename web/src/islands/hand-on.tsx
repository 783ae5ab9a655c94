/**
 * Handing a session on: by a link, as a file, to the learner's own kubectl, or the lesson itself in somebody's page. What the cluster cannot
 * do is not offered.
 */
import { useRef, useState } from "preact/hooks";
import { snippet } from "../core/embed.ts";
import type { Session } from "../core/session.ts";
import { saveAs } from "../download.ts";
import { say } from "../page.ts";
import type { PageLesson, PageSession, Shared, Trouble } from "../wire/wire.ts";
import { Icon } from "./icon.tsx";
import { closeMenus } from "./menus.ts";
import { OwnKubectl } from "./own-kubectl.tsx";
import { Takeaway } from "./takeaway.tsx";

interface Place {
  base: string;
  lesson: PageLesson;
  place: PageSession;
}

type Made =
  | { kind: "none" }
  | { kind: "making" }
  | { kind: "made"; shared: Shared }
  | { kind: "failed"; why: string };

/** Asks the server; the answer, or what is the matter. */
async function makeLink({ base, place }: Place): Promise<Made> {
  const failed = (why: string): Made => ({ kind: "failed", why });
  const path = `${base}api/sessions/${place.id}/share`;
  const answer = await fetch(path, { method: "POST" }).catch(() => undefined);
  const said: unknown = await answer?.json().catch(() => undefined);
  if (answer?.ok) return { kind: "made", shared: said as Shared };
  return failed((said as Trouble | undefined)?.message ?? say("share-not-kept"));
}

function day(time: string): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long" }).format(new Date(time));
}

function LinkDialog({ of, dialog }: { of: Place; dialog: { current: HTMLDialogElement | null } }) {
  const [made, setMade] = useState<Made>({ kind: "none" });
  return (
    <dialog
      class="dialog wide"
      ref={(element) => {
        dialog.current = element;
      }}
      aria-labelledby="share-name"
      onClose={() => setMade({ kind: "none" })}
    >
      <h2 id="share-name">{say("share")}</h2>
      <p>{say("share-words")}</p>
      <div role="status">
        {made.kind === "made" && (
          <>
            <Takeaway label={say("share-link")} text={made.shared.url} lines={2} />
            <p class="eyebrow">{say("share-until", { day: day(made.shared.until) })}</p>
          </>
        )}
        {made.kind === "failed" && <p class="trouble">{made.why}</p>}
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {say("close")}
        </button>
        {made.kind !== "made" && (
          <button
            type="button"
            class="button primary"
            disabled={made.kind === "making"}
            onClick={async () => {
              setMade({ kind: "making" });
              setMade(await makeLink(of));
            }}
          >
            {say(made.kind === "making" ? "share-making" : "share-make")}
          </button>
        )}
      </div>
    </dialog>
  );
}

function EmbedDialog({ of, dialog }: { of: Place; dialog: { current: HTMLDialogElement | null } }) {
  const url = new URL(of.lesson.embed ?? "", location.href).href;
  return (
    <dialog
      class="dialog wide"
      ref={(element) => {
        dialog.current = element;
      }}
      aria-labelledby="embed-name"
    >
      <h2 id="embed-name">{say("embed")}</h2>
      <p>{say("embed-words")}</p>
      <Takeaway label={say("embed-code")} text={snippet(url, `Podschool: ${of.lesson.title}`)} lines={7} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {say("close")}
        </button>
      </div>
    </dialog>
  );
}

/** Fetches the file first, so that a failure is said on the page and saves nothing. */
async function save({ base, place }: Place, session: Session): Promise<void> {
  const answer = await fetch(`${base}api/sessions/${place.id}/file`).catch(() => undefined);
  if (!answer?.ok) {
    const said = (await answer?.json().catch(() => undefined)) as Trouble | undefined;
    return session.notify("warning", said?.message ?? say("save-failed"));
  }
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  saveAs(name ?? "podschool.gz", await answer.blob());
}

export function HandOn({ session, ...of }: Place & { session: Session }) {
  const linking = useRef<HTMLDialogElement | null>(null);
  const embedding = useRef<HTMLDialogElement | null>(null);
  const fetching = useRef<HTMLDialogElement | null>(null);
  const simulated = of.place.backend === "sim";
  const { kubeconfig } = of.place;
  if (!simulated && !of.lesson.embed && !kubeconfig) return null;
  const choose = (then: () => void) => () => {
    closeMenus();
    then();
  };
  return (
    <>
      <details class="menu" name="bar">
        <summary class="button quiet">
          <Icon name="share" />
          <span class="wide">{say("hand-on")}</span>
          <span class="sr">{say("hand-on")}</span>
        </summary>
        <div class="menu-list">
          {simulated && (
            <>
              <button type="button" onClick={choose(() => linking.current?.showModal())}>
                <Icon name="share" />
                {say("share")}
              </button>
              <button type="button" onClick={choose(() => void save(of, session))}>
                <Icon name="down" />
                {say("save")}
              </button>
            </>
          )}
          {kubeconfig && (
            <button type="button" onClick={choose(() => fetching.current?.showModal())}>
              <Icon name="terminal" />
              {say("own-kubectl")}
            </button>
          )}
          {of.lesson.embed && (
            <button type="button" onClick={choose(() => embedding.current?.showModal())}>
              <Icon name="window" />
              {say("embed")}
            </button>
          )}
        </div>
      </details>
      <LinkDialog of={of} dialog={linking} />
      {kubeconfig && <OwnKubectl path={kubeconfig} dialog={fetching} />}
      {of.lesson.embed && <EmbedDialog of={of} dialog={embedding} />}
    </>
  );
}
