/** Where a lesson's text takes time back (`:::rewind`), a button does: to the moment when the step before was done. */
import { render } from "preact";
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import { Icon } from "./icon.tsx";

function Back({ session, step }: { session: Session; step: string | undefined }) {
  const steps = session.steps.value;
  const before = steps[steps.findIndex((each) => each.id === step) - 1];
  if (!session.rewinds.value) return <p>{say("time-not-kept")}</p>;
  const began_ms = Date.parse(before?.cause?.at ?? "");
  return (
    <button
      type="button"
      class="button"
      disabled={Number.isNaN(began_ms)}
      title={say("time-rewind-more")}
      onClick={() => session.rewind(began_ms)}
    >
      <Icon name="rewind" />
      {say("time-rewind")}
    </button>
  );
}

export function dressRewinds(root: ParentNode, session: Session): void {
  for (const aside of root.querySelectorAll<HTMLElement>(".taken-back")) {
    const step = aside.closest<HTMLElement>("[data-step]")?.dataset.step;
    const place = aside.appendChild(document.createElement("div"));
    render(<Back session={session} step={step} />, place);
  }
}
