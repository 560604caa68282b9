/** Signs in once; all specs go on with that session. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { request, type FullConfig } from "@playwright/test";

export default async function signIn(config: FullConfig): Promise<void> {
  const { baseURL, storageState } = config.projects[0]!.use;
  const grafana = await request.newContext({ baseURL: baseURL! });
  const user = process.env["GRAFANA_USER"] ?? "admin";
  const answer = await grafana.post("/login", { data: { user, password: process.env["GRAFANA_PASSWORD"] ?? "admin" } });
  if (!answer.ok()) {
    throw new Error(`Grafana at ${baseURL} does not let ${user} in (${answer.status()}); set GRAFANA_USER and GRAFANA_PASSWORD`);
  }
  mkdirSync(path.dirname(storageState as string), { recursive: true });
  await grafana.storageState({ path: storageState as string });
  await grafana.dispose();
}
