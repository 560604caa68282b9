/** The plugin: what Grafana loads. */
import { DataSourcePlugin } from "@grafana/data";
import { ConfigEditor } from "./components/ConfigEditor";
import { QueryEditor } from "./components/QueryEditor";
import { QueryHelp } from "./components/QueryHelp";
import { EarshotDataSource } from "./datasource";
import type { EarshotOptions, EarshotQuery, EarshotSecureOptions } from "./types";

export const plugin = new DataSourcePlugin<EarshotDataSource, EarshotQuery, EarshotOptions, EarshotSecureOptions>(EarshotDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
