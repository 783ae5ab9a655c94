/** The foot of a step: whether it is done and what did it, and, while it is not, why, hints one at a time, the solution. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import type { PageStep, StepState } from "../wire/wire.ts";
import { Actions, dressBlocks, Words } from "./commands.tsx";
import { Icon } from "./icon.tsx";
import { hintsIn, nextHint } from "./questions.ts";

function Done({ state }: { state: StepState }) {
  return (
    <p class="step-done">
      <Icon name="check" />
      <span>
        <strong>{say("step-done")}</strong> {state.cause?.text}
      </span>
    </p>
  );
}

function Hints({ hints, desk }: { hints: readonly string[]; desk: Desk }) {
  const box = useRef<HTMLDivElement>(null);
  const count = hints.length;
  useEffect(() => {
    if (box.current && count > 0) dressBlocks(box.current, desk);
  }, [count, desk]);
  return (
    <div class="hints" ref={box} aria-live="polite">
      {hints.map((html, index) => (
        <div class="hint" key={html}>
          <h3>{say("hint-number", { number: index + 1 })}</h3>
          <div dangerouslySetInnerHTML={{ __html: html }} />
        </div>
      ))}
    </div>
  );
}

function Solution({ commands, desk }: { commands: readonly string[]; desk: Desk }) {
  return (
    <div class="solution" aria-live="polite">
      <h3>{say("solution")}</h3>
      {commands.map((command) => (
        <div class={`code run${command.includes("\n") ? " lines" : ""}`} key={command} data-dressed="">
          <pre>
            <code>
              <Words command={command} />
            </code>
          </pre>
          <Actions text={command} runs={{ desk, endless: false }} />
        </div>
      ))}
    </div>
  );
}

/** What keeps a step open; `later`: steps before it are, which are ticked first. */
function Why({ reasons, later }: { reasons: readonly string[] | undefined; later: boolean }) {
  return (
    <div class="why" aria-live="polite">
      {reasons && reasons.length === 0 && <p>{say(later ? "why-later" : "why-unknown")}</p>}
      {reasons && reasons.length > 0 && (
        <ul>
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Asks before a cluster is replaced by one in which the steps before are played. */
function Again(props: { step: PageStep; later: boolean; desk: Desk; close: () => void }) {
  const { step, later, desk, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const title = say(later ? "step-jump" : "step-again");
  return (
    <dialog class="dialog" ref={dialog} aria-label={title} onClose={close}>
      <h2>{title}</h2>
      <p>{say("step-again-words", { title: step.title })}</p>
      <form method="dialog" class="dialog-buttons">
        <button type="submit" class="button">
          {say("cancel")}
        </button>
        <button type="submit" class="button primary" onClick={() => desk.session.jump(step.id)}>
          {title}
        </button>
      </form>
    </dialog>
  );
}

export function StepFoot({ desk, step }: { desk: Desk; step: PageStep }) {
  const { session } = desk;
  const state = session.steps.value.find((each) => each.id === step.id) ?? step.state;
  const help = session.helpOf(step.id);
  const section = useRef<HTMLDivElement>(null);
  const next = session.next()?.id === step.id;
  useEffect(() => {
    const home = section.current?.closest<HTMLElement>(".step");
    if (!home) return;
    home.dataset.status = state.status;
    home.toggleAttribute("data-next", next);
  }, [state.status, next]);
  const done = state.status === "done";
  const [asking, setAsking] = useState(false);
  const later = !done && !next;
  const home = document.getElementById(`step-${step.id}`) ?? document.body;
  const [asked, ask] = useState(0);
  const inText = hintsIn(home).length;
  const hints = inText > 0 ? asked < inText : help.hints.length < step.hints;
  const solution = step.solution && home.querySelector(":scope > details.solution") === null;
  const hint = () => {
    if (inText === 0) return session.hint(step.id);
    ask(asked + 1);
    nextHint(home);
  };
  const again = (
    <div class="step-again">
      <button type="button" class="button quiet" onClick={() => setAsking(true)}>
        <Icon name={later ? "skip" : "restart"} />
        {say(later ? "step-jump" : "step-again")}
      </button>
    </div>
  );
  return (
    <div class="step-foot" ref={section}>
      {done ? (
        <Done state={state} />
      ) : (
        <>
          {state.status === "lapsed" && <p class="step-lapsed">{say("step-lapsed")}</p>}
          <div class="step-help">
            <button type="button" class="button quiet" onClick={() => session.check(step.id)}>
              {say("why")}
            </button>
            {hints && (
              <button type="button" class="button quiet" onClick={hint}>
                <Icon name="bulb" />
                {say(asked + help.hints.length === 0 ? "hint" : "hint-more")}
              </button>
            )}
            {solution && !help.solution && (
              <button
                type="button"
                class="button quiet ask-solution"
                onClick={() => session.solution(step.id)}
              >
                {say("solution-show")}
              </button>
            )}
            {again}
          </div>
          <Why reasons={help.reasons} later={later} />
        </>
      )}
      {done && again}
      {asking && <Again step={step} later={later} desk={desk} close={() => setAsking(false)} />}
      <Hints hints={help.hints} desk={desk} />
      {help.solution && <Solution commands={help.solution} desk={desk} />}
    </div>
  );
}
