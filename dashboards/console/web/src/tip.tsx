import type { HTMLAttributes, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface Shown {
  text: string;
  x: number;
  y: number;
  below: boolean;
}

let show: (s: Shown | null) => void = () => {};

function open(text: string, at: Element): void {
  const box = at.getBoundingClientRect();
  const below = box.top < 72;
  show({ text, x: box.left + box.width / 2, y: below ? box.bottom + 8 : box.top - 8, below });
}

/** Gives an element a note that shows on hover and on keyboard focus. */
export function tip(text: string): Pick<HTMLAttributes<HTMLElement>, "onMouseEnter" | "onMouseLeave" | "onFocus" | "onBlur"> {
  return {
    onMouseEnter: (e) => open(text, e.currentTarget),
    onMouseLeave: () => show(null),
    onFocus: (e) => open(text, e.currentTarget),
    onBlur: () => show(null),
  };
}

/** The one place where notes show. */
export function Tips(): JSX.Element | null {
  const [shown, setShown] = useState<Shown | null>(null);
  const box = useRef<HTMLDivElement>(null);
  show = setShown;
  useEffect(() => {
    const close = (e: KeyboardEvent): void => {
      if (e.key === "Escape") setShown(null);
    };
    const scroll = (): void => setShown(null);
    window.addEventListener("keydown", close);
    window.addEventListener("scroll", scroll, { passive: true, capture: true });
    return () => {
      window.removeEventListener("keydown", close);
      window.removeEventListener("scroll", scroll, { capture: true });
    };
  }, []);
  useEffect(() => {
    if (box.current === null || shown === null) return;
    // Keep the note inside the page.
    const half = box.current.offsetWidth / 2 + 8;
    box.current.style.left = `${Math.min(Math.max(shown.x, half), document.documentElement.clientWidth - half)}px`;
  }, [shown]);
  if (shown === null) return null;
  return (
    <div ref={box} class={`tip ${shown.below ? "below" : ""}`} role="tooltip" style={{ left: `${shown.x}px`, top: `${shown.y}px` }}>
      {shown.text}
    </div>
  );
}
