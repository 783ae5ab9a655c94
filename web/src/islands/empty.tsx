/** A pane with nothing in it yet: the pod of whales keeps company, and a sentence says what will come. */
import type { ComponentChildren } from "preact";
import pod from "../art/pod.svg?raw";

export function Empty({ children }: { children: ComponentChildren }) {
  return (
    <div class="empty">
      <div class="empty-art" dangerouslySetInnerHTML={{ __html: pod }} />
      <p>{children}</p>
    </div>
  );
}
