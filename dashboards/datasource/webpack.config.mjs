// Bundles src/module.ts into dist/module.js, an AMD module that finds Grafana's own React, rxjs and packages when it is loaded, and puts beside it
// what a plugin's folder holds besides. The back end's executables in dist are left alone: `make plugin` builds them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import CopyPlugin from "copy-webpack-plugin";

const here = path.dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(path.join(here, "package.json"), "utf8"));
const { id } = JSON.parse(readFileSync(path.join(here, "src/plugin.json"), "utf8"));

// The day of the build; SOURCE_DATE_EPOCH (seconds) makes builds of one commit alike.
const built = new Date(process.env["SOURCE_DATE_EPOCH"] ? Number(process.env["SOURCE_DATE_EPOCH"]) * 1000 : Date.now());
const fill = (content) => content.toString().replaceAll("%VERSION%", version).replaceAll("%TODAY%", built.toISOString().slice(0, 10));

/** JSX becomes React.createElement: it runs with the React of every Grafana, 18 as well as 19. */
const jsx = { runtime: "classic" };

export default (_env, { mode = "production" }) => ({
  mode,
  context: path.join(here, "src"),
  entry: { module: "./module.ts" },
  devtool: mode === "production" ? "source-map" : "eval-source-map",
  externalsType: "amd",
  externals: ["react", "react-dom", "rxjs", "rxjs/operators", "lodash", "moment", "@emotion/css", /^@grafana\/(data|runtime|ui)$/],
  resolve: { extensions: [".ts", ".tsx", ".js"] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        loader: "swc-loader",
        options: { jsc: { target: "es2021", parser: { syntax: "typescript", tsx: true }, transform: { react: jsx } } },
      },
    ],
  },
  output: {
    clean: { keep: /gpx_|go_plugin_build_manifest/ },
    filename: "[name].js",
    library: { type: "amd" },
    path: path.join(here, "dist"),
    publicPath: `public/plugins/${id}/`,
    uniqueName: id,
  },
  plugins: [
    new CopyPlugin({
      patterns: [
        { from: "plugin.json", transform: fill },
        { from: "img", to: "img" },
        { from: "../../grafana/dashboards/*.json", to: "dashboards/[name][ext]" },
        { from: "../README.md", transform: fill },
        { from: "../CHANGELOG.md" },
        { from: "../../../LICENSE", to: "LICENSE", toType: "file" },
      ],
    }),
  ],
  performance: { assetFilter: (name) => name === "module.js", maxAssetSize: 60_000, maxEntrypointSize: 60_000, hints: "error" },
  stats: "errors-warnings",
});
