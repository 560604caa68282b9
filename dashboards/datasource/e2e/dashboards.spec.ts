/** The provisioned dashboards: each opens, no panel has an error, and every panel has data, but those in which nothing is good news. */
import { expect, test } from "@grafana/plugin-e2e";
import { readdirSync } from "node:fs";
import { Answers, RANGE, values } from "./grafana";

const dashboards = readdirSync(new URL("../../grafana/dashboards/", import.meta.url))
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, ""));

/** Panels that are empty where all is well, or where the lab does not have what they show. */
const MAY_BE_EMPTY = /regression|alert|could not be read|held back|what holds|frozen|events|late/i;

/** Tall enough for all panels at once: Grafana asks for what is on the screen. */
test.use({ viewport: { width: 1600, height: 5000 } });

for (const uid of dashboards) {
  test(`${uid} opens, and every panel has data`, async ({ page }) => {
    const answers = new Answers(page);
    await page.goto(`/d/${uid}?from=${RANGE}&to=now&kiosk`);
    const panels = page.locator('section[data-testid^="data-testid Panel header"]');
    await expect(panels.first()).toBeVisible();
    await expect(page.getByLabel("Panel loading bar")).toHaveCount(0, { timeout: 60_000 });
    await page.waitForTimeout(2000); // panels whose variables come from others ask once more
    await expect(page.getByLabel("Panel loading bar")).toHaveCount(0, { timeout: 60_000 });
    await answers.settled();
    expect(answers.errors).toEqual([]);
    expect(await page.getByTestId("data-testid Panel status error").count()).toBe(0);
    const empty = await panels.filter({ hasText: /No data/ }).evaluateAll((all) => all.map((p) => (p.getAttribute("data-testid") ?? "").replace("data-testid Panel header ", "")));
    expect(empty.filter((title) => !MAY_BE_EMPTY.test(title))).toEqual([]);
  });
}

test("the dashboard of a call draws its participants and SFUs as a graph", async ({ page, request }) => {
  const [call] = await values(request, "calls");
  const clients = await values(request, "participants", call!);
  await page.goto(`/d/earshot-call?var-call=${encodeURIComponent(call!)}&from=${RANGE}&to=now&kiosk`);
  const nodes = page.locator("[aria-label^='Node: ']");
  await expect(nodes.first()).toBeVisible({ timeout: 30_000 });
  expect(await nodes.count()).toBeGreaterThan(clients.length);
});

test("the overview leads to the paths of a region pair, and on to one call", async ({ page }) => {
  await page.goto(`/d/earshot-overview?from=${RANGE}&to=now`);
  await page.locator("a[href*='/d/earshot-paths/'][href*='var-from_region=']").first().click();
  await expect(page).toHaveURL(/\/d\/earshot-paths\/.*var-from_region=[^&]/);
  await page.locator("a[href*='/d/earshot-call/']").first().click();
  await expect(page).toHaveURL(/\/d\/earshot-call\/.*var-call=[^&]/);
  await expect(page.locator("[aria-label^='Node: ']").first()).toBeVisible({ timeout: 30_000 });
});
