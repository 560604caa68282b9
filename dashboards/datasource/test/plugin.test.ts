import { existsSync, readFileSync } from "node:fs";
import { plugin } from "../src/module";
import plugin_ from "../src/plugin.json";
import { questions } from "../src/words";

const readme = readFileSync("README.md", "utf8");

test("the module gives Grafana a data source with its editors", () => {
  expect(plugin.DataSourceClass.name).toBe("EarshotDataSource");
  expect(Object.keys(plugin.components).filter((name) => plugin.components[name as keyof typeof plugin.components])).toEqual(
    expect.arrayContaining(["ConfigEditor", "QueryEditor", "QueryEditorHelp"]),
  );
});

test("the README lists every type as the editor says it", () => {
  for (const w of questions) {
    expect(readme).toContain(`| ${w.title} | \`${w.type}\` | ${w.help} |`);
  }
});

test("plugin.json names files that exist, and all pictures", () => {
  const { logos, screenshots } = plugin_.info;
  for (const path of [logos.small, logos.large, ...(screenshots as Array<{ path: string }>).map((s) => s.path)]) {
    expect([path, existsSync(`src/${path}`)]).toEqual([path, true]);
  }
  for (const { path, name } of plugin_.includes) {
    const dashboard = JSON.parse(readFileSync(`../grafana/${path}`, "utf8")) as { title: string };
    expect(dashboard.title).toBe(name);
  }
});

test("the plugin says what it can", () => {
  expect(plugin_).toMatchObject({
    id: "earshot-datasource",
    executable: "gpx_earshot_datasource",
    backend: true,
    alerting: true,
    annotations: true,
    streaming: true,
    metrics: true,
    dependencies: { grafanaDependency: ">=11.0.0" },
  });
});
