/** What the server wants read: a few lines at the foot of the page, each with its own way to close it. */
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import { IconButton } from "./icon.tsx";

export function Notices({ session }: { session: Session }) {
  return (
    <div class="notices" role="log" aria-label={say("notices")}>
      {session.notices.value.map((notice) => (
        <div class="notice" data-level={notice.level} key={notice.id}>
          <p>{notice.text}</p>
          <IconButton icon="close" label={say("close")} onClick={() => session.dismiss(notice.id)} />
        </div>
      ))}
    </div>
  );
}
