/** The end of the lesson: appears when every step is done, and leads on. Beginning again is always offered. */
import { useRef } from "preact/hooks";
import pod from "../art/pod.svg?raw";
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import type { PageLesson } from "../wire/wire.ts";
import { Icon } from "./icon.tsx";

export function Finish({
  session,
  lesson,
  course,
}: {
  session: Session;
  lesson: PageLesson;
  course: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const done = session.next() === undefined;
  return (
    <div class="finish" data-done={done}>
      {done && (
        <div class="finish-card">
          <div class="finish-art" dangerouslySetInnerHTML={{ __html: pod }} />
          <h2>{say("finish")}</h2>
          <p>{say("finish-words", { count: lesson.steps.length })}</p>
          <a class="button primary" href={lesson.next ?? course}>
            {say(lesson.next ? "finish-next" : "finish-course")}
          </a>
        </div>
      )}
      <button type="button" class="button quiet" onClick={() => dialog.current?.showModal()}>
        <Icon name="restart" />
        {say("restart")}
      </button>
      <dialog class="dialog" ref={dialog} aria-labelledby="restart-title">
        <h2 id="restart-title">{say("restart-title")}</h2>
        <p>{say("restart-words")}</p>
        <form method="dialog" class="dialog-buttons">
          <button type="submit" class="button">
            {say("cancel")}
          </button>
          <button type="submit" class="button primary" onClick={() => session.restart()}>
            {say("restart-yes")}
          </button>
        </form>
      </dialog>
    </div>
  );
}
