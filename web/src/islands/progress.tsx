/** How far the lesson is: a segment a step, each a way to it. */
import type { Session } from "../core/session.ts";
import { say } from "../page.ts";
import type { PageStep } from "../wire/wire.ts";

export function Progress({ session, steps }: { session: Session; steps: readonly PageStep[] }) {
  const states = session.steps.value;
  const next = session.next()?.id;
  const done = states.filter((step) => step.status === "done").length;
  return (
    <nav class="progress" aria-label={say("progress")}>
      <ol class="progress-steps">
        {steps.map((step, index) => {
          const status = states[index]?.status ?? "open";
          return (
            <li key={step.id}>
              <a
                href={`#step-${step.id}`}
                data-status={status}
                aria-current={step.id === next ? "step" : undefined}
                title={step.title}
              >
                <span class="sr">
                  {say("progress-step", { number: index + 1, title: step.title, status })}
                </span>
              </a>
            </li>
          );
        })}
      </ol>
      <span class="progress-count">{say("progress-count", { done, all: steps.length })}</span>
    </nav>
  );
}
