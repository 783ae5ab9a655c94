/** The line between two panes: dragged, or moved by arrows, Page, Home and End; Enter and a double click put it back. */
import { useRef } from "preact/hooks";
import { BOUNDS, DEFAULT, keyed, resize, type Share } from "../core/layout.ts";
import type { Desk } from "../desk.ts";

export function Splitter(props: { desk: Desk; share: Share; label: string; controls: string }) {
  const { desk, share } = props;
  const line = useRef<HTMLDivElement>(null);
  const percent = desk.layout.value[share];
  const [least, most] = BOUNDS[share];
  const set = (to: number) => {
    desk.layout.value = resize(desk.layout.value, share, to);
  };
  const drag = (event: PointerEvent) => {
    const room = line.current?.parentElement?.getBoundingClientRect();
    if (!room || !line.current?.hasPointerCapture(event.pointerId)) return;
    const across = ((event.clientX - room.left) / room.width) * 100;
    const down = ((event.clientY - room.top) / room.height) * 100;
    set({ text: across, terminal: down, side: 100 - across }[share]);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves has no element of its own
    <div
      ref={line}
      class={`splitter ${share} ${share === "terminal" ? "row" : "column"}`}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-controls={props.controls}
      aria-orientation={share === "terminal" ? "horizontal" : "vertical"}
      aria-valuenow={Math.round(percent)}
      aria-valuemin={least}
      aria-valuemax={most}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        document.documentElement.classList.add("dragging");
      }}
      onPointerMove={drag}
      onLostPointerCapture={() => document.documentElement.classList.remove("dragging")}
      onDblClick={() => set(DEFAULT[share])}
      onKeyDown={(event) => {
        const to = keyed(event.key, percent, share);
        if (to === undefined) return;
        event.preventDefault();
        set(to);
      }}
    />
  );
}
