/** Search in what a terminal has printed. */
import type { SearchAddon } from "@xterm/addon-search";
import { useEffect, useRef } from "preact/hooks";
import { say } from "../page.ts";
import { IconButton } from "./icon.tsx";

export function SearchBox({ search, close }: { search: SearchAddon; close: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    return () => search.clearDecorations();
  }, [search]);
  const next = () => search.findNext(field.current?.value ?? "");
  const previous = () => search.findPrevious(field.current?.value ?? "");
  return (
    <search class="search-box">
      <input
        ref={field}
        type="search"
        aria-label={say("search")}
        placeholder={say("search")}
        onInput={() => search.findNext(field.current?.value ?? "", { incremental: true })}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
          if (event.key === "Enter") event.shiftKey ? previous() : next();
        }}
      />
      <IconButton icon="up" label={say("search-previous")} onClick={previous} />
      <IconButton icon="down" label={say("search-next")} onClick={next} />
      <IconButton icon="close" label={say("close")} onClick={close} />
    </search>
  );
}
