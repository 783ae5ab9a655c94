/** Files of the workstation in an editor: the same files as in the terminal, both ways, live. Apply runs the kubectl command, visibly. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { isUnsaved } from "../core/draft.ts";
import type { Desk } from "../desk.ts";
import type { Editor } from "../editor.ts";
import { isYaml } from "../files.ts";
import { say } from "../page.ts";
import { PaneMenu, PaneTabs } from "./dock.tsx";
import { Empty } from "./empty.tsx";
import { Icon } from "./icon.tsx";

function Text({ desk }: { desk: Desk }) {
  const place = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | undefined>(undefined);
  useEffect(() => {
    let made: Editor | undefined;
    let gone = false;
    void import("../editor.ts").then((module) => {
      if (gone || !place.current) return;
      made = new module.Editor(place.current, {
        label: say("editor"),
        phrases: { Completions: say("editor-choices"), Diagnostics: say("editor-problems") },
        words: {
          required: say("explain-required"),
          takes: say("explain-takes"),
          run: (command) => say("run-command", { command }),
        },
        changed: (text) => desk.files.typed(text),
        problems: (text) => desk.files.problems(text),
        choices: (...place) => desk.files.choices(...place),
        explanation: (...place) => desk.files.explanation(...place),
        run: (command) => desk.run(command, { hand: true, endless: false }),
      });
      setEditor(made);
    });
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [desk]);
  useSignalEffect(() => {
    const draft = desk.files.draft.value;
    if (editor && draft && editor.text !== draft.here) editor.show(draft.here, isYaml(draft.path));
  });
  useEffect(() => {
    const draft = desk.files.draft.peek();
    if (editor && draft) editor.show(draft.here, isYaml(draft.path));
  }, [editor, desk]);
  return <div class="editor" ref={place} />;
}

export function FilesPane({ desk }: { desk: Desk }) {
  const { files } = desk;
  useEffect(() => void files.follow(), [files]);
  const draft = files.draft.value;
  return (
    <section
      class="pane picture files"
      id="files"
      data-work="files"
      data-dock={desk.layout.value.home.files}
      aria-label={say("pane-files")}
    >
      <div class="pane-bar">
        <PaneTabs desk={desk} pane="files" />
        <div class="pane-tools">
          <PaneMenu desk={desk} pane="files" />
        </div>
      </div>
      {files.names.value.length === 0 && !draft ? (
        <Empty>{say("files-empty")}</Empty>
      ) : (
        <div class="files-bar">
          <ul class="file-names">
            {files.names.value.map((name) => (
              <li key={name}>
                <button
                  type="button"
                  class="file-name"
                  aria-current={draft?.path === name ? "true" : undefined}
                  onClick={() => void files.open(name)}
                >
                  {name}
                </button>
              </li>
            ))}
          </ul>
          <span class="file-state" role="status">
            {draft && say(isUnsaved(draft) ? "file-saving" : "file-saved")}
          </span>
          {draft && isYaml(draft.path) && (
            <button
              type="button"
              class="button primary"
              title={`kubectl apply -f ${draft.path}`}
              onClick={async (event) => {
                const hand = event.detail > 0;
                if (await files.save()) desk.run(`kubectl apply -f ${draft.path}`, { hand, endless: false });
              }}
            >
              <Icon name="play" />
              {say("apply")}
            </button>
          )}
        </div>
      )}
      {draft?.theirs !== undefined && (
        <div class="file-apart" role="alert">
          <p>{say("file-apart", { path: draft.path })}</p>
          <button type="button" class="button" onClick={() => files.settle(false)}>
            {say("file-theirs")}
          </button>
          <button type="button" class="button" onClick={() => files.settle(true)}>
            {say("file-mine")}
          </button>
        </div>
      )}
      {draft && <Text desk={desk} key="text" />}
    </section>
  );
}
