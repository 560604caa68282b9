/** The data source's own pages: settings, health, the query editor in Explore for every type, variables, annotations. */
import { expect, test } from "@grafana/plugin-e2e";
import { Answers, RANGE, UID, questions, values, whole } from "./grafana";

test("the provisioned data source is healthy", async ({ page, request }) => {
  const health = await request.get(`/api/datasources/uid/${UID}/health`);
  expect(await health.json()).toMatchObject({ status: "OK" });
  await page.goto(`/connections/datasources/edit/${UID}`);
  await expect(page.getByLabel(/^Address/)).not.toHaveValue("");
  await page.getByRole("button", { name: /^(Save & test|Test)$/ }).click();
  await expect(page.getByTestId("data-testid Alert success")).toBeVisible();
});

test("a wrong address is said to be one, with what to change", async ({ createDataSourceConfigPage, page }) => {
  const settings = await createDataSourceConfigPage({ type: "earshot-datasource", deleteDataSourceAfterTest: true });
  await page.getByLabel(/^Address/).fill("127.0.0.1:1");
  await settings.saveAndTest({ skipWaitForResponse: true });
  await expect(page.getByTestId("data-testid Alert error")).toContainText("127.0.0.1:1");
  await page.getByLabel(/^Address/).fill("http://127.0.0.1:8123");
  await expect(page.getByText("This is a URL; give host:port, such as clickhouse:9000.")).toBeVisible();
});

for (const w of questions) {
  test(`the query editor and the answer of ${w.type}`, async ({ page, request }) => {
    const { jsonData } = (await (await request.get(`/api/datasources/uid/${UID}`)).json()) as { jsonData: { rawSql?: boolean } };
    test.skip(w.type === "sql" && jsonData.rawSql !== true, "this data source takes no SQL");
    const query = await whole(request, w);
    const answers = new Answers(page);
    const panes = { a: { datasource: UID, queries: [query], range: { from: RANGE, to: "now" } } };
    const answered = page.waitForResponse((r) => r.url().includes("/api/ds/query"));
    await page.goto(`/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
    await answered;
    await expect(page.getByText("What do you want to see?")).toBeVisible();
    await expect(page.getByText(w.title, { exact: true }).first()).toBeVisible();
    await answers.settled();
    expect(answers.errors).toEqual([]);
    expect(w.type === "regressions" || answers.rows > 0, "rows").toBe(true);
  });
}

test("values of a filter are those of the store", async ({ page, request }) => {
  const [region] = await values(request, "regions");
  const panes = { a: { datasource: UID, queries: [{ refId: "A", queryType: "latency" }], range: { from: RANGE, to: "now" } } };
  await page.goto(`/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
  await page.getByLabel("From region").click();
  await page.getByRole("option", { name: region!, exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`publisherRegion[^&]*${region!}`));
});

test("a variable lists SFUs", async ({ variableEditPage, page, request }) => {
  const sfus = await values(request, "sfus");
  await variableEditPage.setVariableType("Query");
  await variableEditPage.datasource.set("Earshot");
  await page.getByLabel("List", { exact: true }).click();
  await page.getByRole("option", { name: "SFUs" }).click();
  await variableEditPage.runQuery();
  await expect(page.getByText(sfus[0]!).first()).toBeVisible();
});

test("an annotation marks regressions", async ({ annotationEditPage, page }) => {
  const answers = new Answers(page);
  await annotationEditPage.datasource.set("Earshot");
  await expect(page.getByLabel("Regressions", { exact: true })).toBeChecked();
  await annotationEditPage.runQuery();
  await answers.settled();
  expect(answers.errors).toEqual([]);
});
