import type { JSX } from "preact";
import type { Link, Node, Path } from "./api";
import { ms, name, windowEnd } from "./format";

// SFUs are laid out in this box; what is drawn then gives the picture its bounds.
const width = 640;
const height = 330;

function bounds(places: Iterable<Place>): string {
  const [xs, ys] = [[] as number[], [] as number[]];
  for (const p of places) {
    xs.push(p.x - 84, p.x + 84); // room for a name
    ys.push(p.y - 30, p.y + 40);
  }
  if (xs.length === 0) return `0 0 ${width} ${height}`;
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const w = Math.max(...xs) - x;
  const wide = Math.max(w, 500); // a small call keeps the size of its letters
  return `${x - (wide - w) / 2} ${y} ${wide} ${Math.max(...ys) - y}`;
}

interface Place {
  x: number;
  y: number;
  angle: number; // outwards
}

interface Edge {
  a: string;
  b: string;
  link: Link;
  between: "sfus" | "client";
}

/** Ids of clients and SFUs may coincide; keys do not. */
const key = (kind: string, id: string): string => `${kind === "sfu" ? "sfu" : "client"} ${id}`;

function edges(links: Link[]): Edge[] {
  const newest = Math.max(0, ...links.map(windowEnd));
  const out = new Map<string, Edge>();
  for (const link of links) {
    if (link.to.id === "" || newest - windowEnd(link) >= 3 * link.window_ms) continue;
    const [a, b] = [key(link.from.kind, link.from.id), key(link.to.kind, link.to.id)];
    const known = out.get(`${a}|${b}`);
    // Several connections between the same two: show one that is measured.
    if (known !== undefined && (known.link.rtt_ms !== null || link.rtt_ms === null)) continue;
    out.set(`${a}|${b}`, { a, b, link, between: link.from.kind === "sfu" && link.to.kind === "sfu" ? "sfus" : "client" });
  }
  return [...out.values()];
}

/** SFUs along a line where they form one, else around an ellipse; neighbours next to each other either way. */
function arrange(sfus: string[], all: Edge[]): { places: Map<string, Place>; line: boolean } {
  const near = new Map<string, string[]>(sfus.map((s) => [s, []]));
  for (const e of all) {
    if (e.between !== "sfus") continue;
    near.get(e.a)?.push(e.b);
    near.get(e.b)?.push(e.a);
  }
  const degree = (s: string): number => near.get(s)?.length ?? 0;
  const sorted: string[] = [];
  const visit = (s: string): void => {
    if (sorted.includes(s)) return;
    sorted.push(s);
    near.get(s)?.forEach(visit);
  };
  [...sfus].sort((a, b) => degree(a) - degree(b)).forEach(visit);
  const line = sfus.length <= 5 && sfus.every((s) => degree(s) <= 2) && all.filter((e) => e.between === "sfus").length <= Math.max(sfus.length - 1, 0);
  const places = new Map<string, Place>();
  sorted.forEach((s, i) => {
    if (line) {
      const margin = 150;
      const x = sorted.length === 1 ? width / 2 : margin + (i * (width - 2 * margin)) / (sorted.length - 1);
      const angle = sorted.length === 1 ? Math.PI / 2 : i === 0 ? Math.PI : i === sorted.length - 1 ? 0 : -Math.PI / 2;
      places.set(s, { x, y: height / 2, angle });
    } else {
      const angle = (2 * Math.PI * i) / sorted.length - Math.PI / 2;
      places.set(s, { x: width / 2 + Math.cos(angle) * 170, y: height / 2 + Math.sin(angle) * 80, angle });
    }
  });
  return { places, line };
}

function layout(nodes: Node[], all: Edge[]): Map<string, Place> {
  const keys = new Set([...nodes.map((n) => key(n.kind, n.id)), ...all.flatMap((e) => [e.a, e.b])]);
  const linked = new Set(all.flatMap((e) => [e.a, e.b]));
  const sfus = [...keys].filter((k) => k.startsWith("sfu ") && linked.has(k)).sort();
  const { places } = arrange(sfus, all);
  const groups = new Map<string, string[]>();
  for (const client of [...keys].filter((k) => k.startsWith("client ")).sort()) {
    if (!linked.has(client)) continue; // it has left
    const home = all.find((e) => e.a === client && places.has(e.b))?.b ?? "";
    groups.set(home, [...(groups.get(home) ?? []), client]);
  }
  for (const [home, clients] of groups) {
    const centre = places.get(home) ?? { x: width / 2, y: height / 2, angle: 0 };
    const whole = sfus.length < 2;
    const fan = whole ? 2 * Math.PI : Math.min(Math.PI * 0.9, 0.75 * clients.length);
    clients.forEach((client, i) => {
      const share = clients.length === 1 ? 0 : whole ? i / clients.length : i / (clients.length - 1) - 0.5;
      const angle = centre.angle + fan * share;
      places.set(client, { x: centre.x + Math.cos(angle) * 112, y: centre.y + Math.sin(angle) * 112, angle });
    });
  }
  return places;
}

interface Props {
  nodes: Node[];
  links: Link[];
  path: Path | undefined;
  participant: string;
  choose: (client: string) => void;
}

/** SFUs, clients and the links between them, with the chosen path brought out. */
export function Topology({ nodes, links, path, participant, choose }: Props): JSX.Element {
  const all = edges(links);
  const places = layout(nodes, all);
  const region = new Map(nodes.map((n) => [key(n.kind, n.id), n.region]));
  const way = path === undefined ? [] : [key("client", path.publisher), ...path.sfu_path.map((s) => key("sfu", s)), key("client", path.subscriber)];
  const onWay = (a: string, b: string): boolean => way.some((k, i) => (k === a && way[i + 1] === b) || (k === b && way[i + 1] === a));
  const dense = places.size > 40;
  return (
    <svg class={`topology ${way.length > 0 ? "traced" : ""}`} viewBox={bounds(places.values())} role="group" aria-label="Topology of the call">
      {all.map((e) => {
        const [a, b] = [places.get(e.a), places.get(e.b)];
        if (a === undefined || b === undefined) return null;
        const on = onWay(e.a, e.b);
        const nearer = e.between === "client" ? 0.52 : 0.5;
        return (
          <g key={`${e.a}|${e.b}`} class={`edge ${e.between} ${on ? "on" : ""}`}>
            <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
            {(!dense || on) && (
              <text x={a.x + (b.x - a.x) * nearer} y={a.y + (b.y - a.y) * nearer + (e.between === "sfus" ? -7 : 4)} text-anchor="middle">
                {e.link.rtt_ms === null ? "?" : ms(e.link.rtt_ms, e.link.rtt_ms < 10 ? 1 : 0)}
              </text>
            )}
          </g>
        );
      })}
      {[...places].map(([k, p]) => {
        const sfu = k.startsWith("sfu ");
        const id = k.slice(k.indexOf(" ") + 1);
        const on = way.includes(k);
        if (sfu) {
          const w = Math.max(46, 9 * name(id).length + 18);
          return (
            <g key={k} class={`node sfu ${on ? "on" : ""}`} transform={`translate(${p.x} ${p.y})`}>
              <rect x={-w / 2} y={-13} width={w} height={26} rx={6} />
              <text text-anchor="middle" y={4}>
                {name(id)}
              </text>
              <text class="region" text-anchor="middle" y={28}>
                {region.get(k) ?? ""}
              </text>
            </g>
          );
        }
        const right = Math.cos(p.angle) > -0.25;
        const flat = Math.abs(Math.cos(p.angle)) <= 0.25;
        const pick = (): void => choose(participant === id ? "" : id);
        return (
          <g
            key={k}
            class={`node client ${on ? "on" : ""} ${participant === id ? "chosen" : ""}`}
            transform={`translate(${p.x} ${p.y})`}
            role="button"
            tabindex={0}
            aria-pressed={participant === id}
            aria-label={`Only paths of ${name(id)}`}
            onClick={pick}
            onKeyDown={(ev: KeyboardEvent) => {
              if (ev.key !== "Enter" && ev.key !== " ") return;
              ev.preventDefault();
              pick();
            }}
          >
            <circle class="reach" r={15} />
            <circle r={5} />
            {(!dense || on) && (
              <text x={flat ? 0 : right ? 10 : -10} y={flat ? (Math.sin(p.angle) > 0 ? 20 : -11) : 4} text-anchor={flat ? "middle" : right ? "start" : "end"}>
                {name(id)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
