/**
 * How pods move in the picture: a new one rises, one that stands elsewhere glides there, one whose state is another comes up
 * anew. Only what is in view moves, and only by `opacity` and `translate`: the browser's compositor does that by itself.
 */
import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const EASING = "cubic-bezier(0.2, 0.7, 0.2, 1)";
const GLIDE: KeyframeAnimationOptions = { duration: 420, easing: EASING };
const RISE: KeyframeAnimationOptions = { duration: 320, easing: EASING };
const RISE_FROM: Keyframe = { opacity: 0, translate: "0 0.4rem" };
const ANEW_FROM: Keyframe = { opacity: 0.45 };

/** Where a pod stands in the picture, whatever way it is still on; in CSS pixels. */
interface Place {
  x: number;
  y: number;
  height: number;
  health: string | undefined;
}

interface Glide {
  animation: Animation;
  x: number;
  y: number;
}

/** What a glide has not gone yet. */
function left(glide: Glide | undefined): { x: number; y: number } {
  const gone = glide?.animation.effect?.getComputedTiming().progress ?? 1;
  return { x: (glide?.x ?? 0) * (1 - gone), y: (glide?.y ?? 0) * (1 - gone) };
}

/** Remembers the last drawing, and moves what differs in the next. */
class Motion {
  #places = new Map<string, Place>();
  #glides = new Map<string, Glide>();

  drawn(box: HTMLElement): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = box.offsetTop + box.scrollTop;
    const bottom = top + box.clientHeight;
    const seen = ({ y, height }: Place) => y + height > top && y < bottom;
    const places = new Map<string, Place>();
    const moved: (() => void)[] = [];
    // All are measured before the first is moved: else the browser lays everything out anew for each.
    for (const element of box.querySelectorAll<HTMLElement>("[data-pod]")) {
      const { pod = "", health } = element.dataset;
      const now = { x: element.offsetLeft, y: element.offsetTop, height: element.offsetHeight, health };
      const before = this.#places.get(pod);
      places.set(pod, now);
      if (!still && (seen(now) || (before && seen(before))))
        moved.push(() => this.#move(pod, element, before, now));
    }
    this.#places = places;
    for (const move of moved) move();
    for (const pod of this.#glides.keys()) if (!places.has(pod)) this.#glides.delete(pod);
  }

  #move(pod: string, element: HTMLElement, before: Place | undefined, now: Place): void {
    if (!before) {
      element.animate([RISE_FROM, {}], RISE);
      return;
    }
    if (before.health !== now.health) element.animate([ANEW_FROM, {}], RISE);
    if (before.x === now.x && before.y === now.y) return;
    const underway = this.#glides.get(pod);
    const { x, y } = left(underway);
    underway?.animation.cancel();
    const by = { x: before.x - now.x + x, y: before.y - now.y + y };
    const animation = element.animate([{ translate: `${by.x}px ${by.y}px` }, { translate: "0 0" }], GLIDE);
    this.#glides.set(pod, { animation, ...by });
  }
}

/** For the box that holds elements with `data-pod`, which it looks at after each drawing. */
export function useMotion(): Ref<HTMLElement> {
  const box = useRef<HTMLElement>(null);
  const motion = useRef<Motion | undefined>(undefined);
  useLayoutEffect(() => {
    motion.current ??= new Motion();
    if (box.current) motion.current.drawn(box.current);
  });
  return box;
}
