// Tests run in jsdom with Grafana's real packages. A few of their dependencies are ES modules only and are compiled as well.
const compiled = ["ol", "d3", "d3-[a-z]+", "internmap", "delaunator", "robust-predicates", "react-colorful", "uuid", "marked", "rc-[a-z]+", "@grafana", "geotiff", "quick-lru", "quickselect", "rbush", "color-[a-z]+", "pbf", "earcut"];

export default {
  testEnvironment: "jsdom",
  testMatch: ["<rootDir>/test/**/*.test.{ts,tsx}"],
  setupFiles: ["<rootDir>/test/environment.ts"],
  setupFilesAfterEnv: ["<rootDir>/test/patience.ts"],
  testTimeout: 60_000,
  moduleNameMapper: { "\\.(css|svg|png)$": "<rootDir>/test/nothing.ts", "^react-inlinesvg$": "<rootDir>/test/svg.tsx" },
  transform: {
    "\\.(ts|tsx|js|mjs)$": ["@swc/jest", { jsc: { target: "es2021", parser: { syntax: "typescript", tsx: true }, transform: { react: { runtime: "classic" } } } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${compiled.join("|")})/)`],
};
