/** One object of the picture, looked at closely: why it is as it is, what happened to it, and the whole of it as YAML. */
import { useEffect, useRef } from "preact/hooks";
import type { Findings } from "../core/findings.ts";
import type { KubeObject, Objects } from "../core/objects.ts";
import type { Session } from "../core/session.ts";
import { happenings, type Reason, why } from "../core/why.ts";
import { yaml } from "../core/yaml.ts";
import { say } from "../page.ts";
import { Icon } from "./icon.tsx";

/** How often the cluster is asked what it found out, while somebody looks. */
const LOOK_EVERY_MS = 1000;

/** The cluster's findings, kept up to date while this is drawn. */
export function useFindings(session: Session): Findings {
  useEffect(() => {
    void session.look();
    const timer = setInterval(() => void session.look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [session]);
  return session.findings.value;
}

function words({ id, values }: Reason): string {
  const said = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "object" ? say(value.id) : value,
  ]);
  return say(id, Object.fromEntries(said)).trim();
}

export function Details({
  session,
  objects,
  object,
  close,
}: {
  session: Session;
  objects: Objects;
  object: KubeObject;
  close: () => void;
}) {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  const reasons = why(objects, object, useFindings(session));
  const events = happenings(objects, object);
  const name = `${(object.kind ?? "Pod").toLowerCase()}/${object.metadata?.name}`;
  return (
    <section class="details" aria-label={name} onKeyDown={(event) => event.key === "Escape" && close()}>
      <header>
        <button type="button" class="button quiet" ref={back} onClick={close}>
          <Icon name="back" />
          {say("details-back")}
        </button>
        <h3>{name}</h3>
      </header>
      <div class="details-part">
        <h4>{say("details-why")}</h4>
        <ul class="reasons">
          {reasons.map((reason) => (
            <li
              key={reason.id + JSON.stringify(reason.values)}
              data-ill={reason.ill}
              data-under={reason.under}
            >
              {words(reason)}
            </li>
          ))}
        </ul>
      </div>
      <div class="details-part">
        <h4>{say("details-events")}</h4>
        {events.length === 0 && <p>{say("details-no-events")}</p>}
        <ol class="events">
          {events.map((event) => (
            <li key={`${event.at} ${event.reason} ${event.message}`} data-warning={event.warning}>
              <time dateTime={event.at}>{event.at.slice(11, 19)}</time>
              <strong>
                {event.reason}
                {event.count > 1 && ` ×${event.count}`}
              </strong>
              <span>{event.message}</span>
            </li>
          ))}
        </ol>
      </div>
      <details class="details-part">
        <summary>YAML</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
        <pre tabIndex={0}>{yaml(object)}</pre>
      </details>
    </section>
  );
}
