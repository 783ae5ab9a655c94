/** Beginning again on the playground: an empty cluster, or a shared world as it was shared. */
import { useRef } from "preact/hooks";
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import { Icon } from "./icon.tsx";

export function Afresh({ session, shared }: { session: Session; shared: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <div class="afresh">
      <button type="button" class="button quiet" onClick={() => dialog.current?.showModal()}>
        <Icon name="restart" />
        {say(shared ? "play-afresh-yes" : "play-afresh")}
      </button>
      <dialog class="dialog" ref={dialog} aria-labelledby="afresh-title">
        <h2 id="afresh-title">{say("play-afresh-title")}</h2>
        <p>{say(shared ? "play-afresh-shared" : "play-afresh-words")}</p>
        <form method="dialog" class="dialog-buttons">
          <button type="submit" class="button">
            {say("cancel")}
          </button>
          <button type="submit" class="button primary" onClick={() => session.restart()}>
            {say("play-afresh-yes")}
          </button>
        </form>
      </dialog>
    </div>
  );
}
