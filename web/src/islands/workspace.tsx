/** The working area: terminals, and below them the picture of the cluster or the page of a forwarded port. */
import type { Desk } from "../desk.ts";
import { say } from "../page.ts";
import { ClusterPane } from "./cluster.tsx";
import { FilesPane } from "./files.tsx";
import { PreviewPane } from "./preview.tsx";
import { Splitter } from "./splitter.tsx";
import { Terminals } from "./terminals.tsx";
import { TimePane } from "./time.tsx";

export function Workspace({ desk }: { desk: Desk }) {
  const { lower, terminal } = desk.layout.value;
  return (
    <div class="work" data-lower={lower} style={{ "--terminal": `${terminal}%` }}>
      <h1 class="sr work-title">{document.title}</h1>
      <Terminals desk={desk} />
      {lower !== "none" && (
        <Splitter
          desk={desk}
          share="terminal"
          label={say("split-terminal")}
          controls={`terminals ${lower}`}
        />
      )}
      {lower === "picture" && <ClusterPane desk={desk} />}
      {lower === "files" && <FilesPane desk={desk} />}
      {lower === "time" && <TimePane desk={desk} />}
      {lower === "preview" && <PreviewPane desk={desk} />}
    </div>
  );
}
