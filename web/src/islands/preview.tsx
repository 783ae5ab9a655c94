/** What a forwarded port serves, on its own origin in a frame: the page can neither read it nor be read by it. */
import { useEffect, useRef, useState } from "preact/hooks";
import pod from "../art/pod.svg?raw";
import { pathOf, shownAs, urlOf } from "../core/address.ts";
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { PaneMenu, PaneTabs } from "./dock.tsx";
import { Icon, IconButton } from "./icon.tsx";

export function PreviewPane({ desk }: { desk: Desk }) {
  const previews = desk.session.previews.value;
  const port = desk.session.shown.value?.port;
  const preview = previews.find((each) => each.port === port) ?? previews[0];
  const path = desk.path.value;
  const [visit, setVisit] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const shown = preview ? shownAs(preview, path) : "";
  useEffect(() => {
    if (field.current) field.current.value = shown;
  }, [shown]);
  const url = preview && urlOf(preview, path);
  const reload = () => setVisit(visit + 1);
  return (
    <section
      class="pane preview"
      id="preview"
      data-work="preview"
      data-dock={desk.layout.value.home.preview}
      aria-label={say("preview")}
    >
      <div class="pane-bar">
        <PaneTabs desk={desk} pane="preview" />
        <div class="pane-tools">
          <PaneMenu desk={desk} pane="preview" />
        </div>
      </div>
      <form
        class="preview-bar"
        onSubmit={(event) => {
          event.preventDefault();
          desk.path.value = pathOf(field.current?.value ?? "/");
          reload();
        }}
      >
        <IconButton icon="reload" label={say("preview-reload")} disabled={!preview} onClick={reload} />
        <input
          ref={field}
          class="address"
          type="text"
          inputMode="url"
          spellcheck={false}
          autocomplete="off"
          aria-label={say("preview-address")}
          disabled={!preview}
        />
        {preview && <span class="preview-target">{preview.target}</span>}
        {url && (
          <a
            class="icon-button"
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            title={say("preview-out")}
          >
            <Icon name="out" />
            <span class="sr">{say("preview-out")}</span>
          </a>
        )}
      </form>
      {previews.length > 1 && (
        <nav class="ports" aria-label={say("preview-ports")}>
          {previews.map((each) => (
            <button
              type="button"
              key={each.port}
              class="port"
              aria-current={each.port === preview?.port ? "true" : undefined}
              onClick={() => {
                desk.session.shown.value = { port: each.port };
              }}
            >
              {each.port}
              <span>{each.target}</span>
            </button>
          ))}
        </nav>
      )}
      {url && desk.embedded && (
        <div class="empty">
          <p>{say("embed-preview", { target: preview.target })}</p>
          <a class="button primary" href={url} target="_blank" rel="noopener noreferrer">
            <Icon name="out" />
            {say("preview-out")}
          </a>
        </div>
      )}
      {url && !desk.embedded && (
        <iframe
          key={`${url} ${visit}`}
          class="preview-frame"
          src={url}
          title={say("preview-of", { target: preview.target })}
          sandbox="allow-scripts allow-same-origin allow-forms allow-modals allow-popups"
          referrerpolicy="no-referrer"
        />
      )}
      {!url && (
        <div class="empty">
          <div class="empty-art" dangerouslySetInnerHTML={{ __html: pod }} />
          <p>{say("preview-empty")}</p>
          <p>
            <code>kubectl port-forward kuard 8080:8080</code>
          </p>
        </div>
      )}
    </section>
  );
}
