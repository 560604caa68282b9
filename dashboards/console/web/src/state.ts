import { useEffect, useState } from "preact/hooks";

/** What the page shows, as it stands in the address, so that a link or a reload shows the same. */
export interface View {
  call: string;
  participant: string;
  kind: string;
  order: string; // "" = by name, "rtt" = the slowest first
  path: string; // the chosen path, see pathKey
  pin: string; // "1" = the path had ended when it was chosen: stay with it
  span: string; // of the chart
  lines: string; // "" = hops stacked, "1" = a line per hop
}

const empty: View = { call: "", participant: "", kind: "", order: "", path: "", pin: "", span: "15m", lines: "" };

function read(): View {
  const args = new URLSearchParams(location.search);
  const view = { ...empty };
  for (const key of Object.keys(empty) as (keyof View)[]) view[key] = args.get(key) ?? empty[key];
  return view;
}

export function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(read);
  useEffect(() => {
    const back = (): void => setView(read());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const change = (part: Partial<View>): void => {
    const next = { ...read(), ...part };
    const args = new URLSearchParams();
    for (const key of Object.keys(empty) as (keyof View)[]) if (next[key] !== empty[key]) args.set(key, next[key]);
    const url = args.size > 0 ? `?${args}` : location.pathname;
    // Another call is another page; a filter is not worth a step back.
    if (part.call !== undefined) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    setView(next);
  };
  return [view, change];
}

const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

function apply(theme: Theme): void {
  if (theme === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
  window.dispatchEvent(new Event("themechange"));
}

export function storedTheme(): Theme {
  try {
    return themes.find((t) => t === localStorage.getItem("earshot-theme")) ?? "system";
  } catch {
    return "system"; // storage is forbidden: then nothing is remembered
  }
}

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(storedTheme);
  const turn = (): void => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
    try {
      localStorage.setItem("earshot-theme", next);
    } catch {
      // see storedTheme
    }
    apply(next);
    setTheme(next);
  };
  useEffect(() => apply(theme), []);
  return [theme, turn];
}
