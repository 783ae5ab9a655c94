/** The working area: terminals, and the preview below them once there is something to see. */
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { PreviewPane } from "./preview.tsx";
import { Splitter } from "./splitter.tsx";
import { Terminals } from "./terminals.tsx";

export function Workspace({ desk }: { desk: Desk }) {
  const { preview, terminal } = desk.layout.value;
  return (
    <div class="work" data-preview={preview} style={{ "--terminal": `${terminal}%` }}>
      <h1 class="sr work-title">{document.title}</h1>
      <Terminals desk={desk} />
      {preview && (
        <>
          <Splitter desk={desk} share="terminal" label={say("split-terminal")} controls="terminals preview" />
          <PreviewPane desk={desk} />
        </>
      )}
    </div>
  );
}
