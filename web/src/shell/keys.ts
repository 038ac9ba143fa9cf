// The keys that work on every screen. Single letters can be switched off, since
// who dictates text would press them unwillingly.
import { useLayoutEffect, useRef, useSyncExternalStore } from "react";

export const commandKey = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";

const storeKey = "tako.keys";
const tellers = new Set<() => void>();

function read(): boolean {
  try {
    return localStorage.getItem(storeKey) !== "off";
  } catch {
    return true;
  }
}

export function setLetters(on: boolean) {
  try {
    localStorage.setItem(storeKey, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing begins with them again.
  }
  for (const tell of tellers) tell();
}

function subscribe(tell: () => void) {
  tellers.add(tell);
  return () => void tellers.delete(tell);
}

// useLetters reports whether single letters do something.
export const useLetters = () => useSyncExternalStore(subscribe, read);

// takesText reports whether what has the focus takes letters itself.
export function takesText(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  return (
    element.isContentEditable ||
    /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) ||
    element.closest("[role=textbox], [role=combobox], [role=listbox], [role=menu], [role=dialog]") !== null
  );
}

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">;

// Keys tells what a press means: "palette", a letter, or "g p" after a g.
export class Keys {
  private begun = Number.NEGATIVE_INFINITY; // a page hears from its time 0 on

  hear({ key, ctrlKey, metaKey, altKey }: Press, now: number, letters: boolean): string | undefined {
    if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === "k") return "palette";
    if (ctrlKey || metaKey || altKey || !letters || key.length !== 1) return undefined;
    const after = now - this.begun < 1500;
    this.begun = key === "g" && !after ? now : Number.NEGATIVE_INFINITY;
    if (after) return `g ${key}`;
    return key === "g" ? undefined : key;
  }
}

// useKeys hears presses on the page; do says what a meaning does, if anything.
export function useKeys(act: (meaning: string) => (() => void) | undefined) {
  const latest = useRef(act);
  latest.current = act;
  const letters = useLetters();
  // Whatever is seen hears: an effect after the paint would miss the quick.
  useLayoutEffect(() => {
    const keys = new Keys();
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const meaning = keys.hear(event, event.timeStamp, letters && !takesText(document.activeElement));
      const action = meaning && latest.current(meaning);
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, [letters]);
}
