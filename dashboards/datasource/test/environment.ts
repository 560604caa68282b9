/** What Grafana's components want of a browser and jsdom does not have. */
import { TextDecoder, TextEncoder } from "node:util";

class Observer {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

Object.assign(globalThis, { TextDecoder, TextEncoder, ResizeObserver: Observer, IntersectionObserver: Observer });
Object.defineProperty(globalThis, "matchMedia", {
  value: (query: string) => ({ matches: false, media: query, addListener() {}, removeListener() {}, addEventListener() {}, removeEventListener() {} }),
});
HTMLCanvasElement.prototype.getContext = (() => null) as never;
