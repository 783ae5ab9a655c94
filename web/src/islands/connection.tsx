/** How the session is, in one quiet word; a loss is said calmly, with what to do only when there is something to do. */
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";

export function Connection({ session }: { session: Session }) {
  const link = session.link.state.value;
  const state = session.state.value;
  const kind = link.kind === "open" ? state : link.kind === "closed" ? "ended" : link.kind;
  return (
    <div class="connection" data-kind={kind} role="status">
      <span class="connection-dot" />
      <span class="connection-words">{say(`connection-${kind}`)}</span>
      {link.kind === "waiting" && link.attempt > 1 && (
        <button type="button" class="button quiet" onClick={() => session.link.retryNow()}>
          {say("connection-now")}
        </button>
      )}
      {kind === "ended" && (
        <button type="button" class="button quiet" onClick={() => location.reload()}>
          {say("connection-reload")}
        </button>
      )}
    </div>
  );
}
