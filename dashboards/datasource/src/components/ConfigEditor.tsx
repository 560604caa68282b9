/** The settings of the data source. Only the password is secret: Grafana stores it encrypted and never gives it back. */
import type { DataSourcePluginOptionsEditorProps } from "@grafana/data";
import { Field, FieldSet, Input, SecretInput, Switch, TextArea } from "@grafana/ui";
import React from "react";
import type { EarshotOptions, EarshotSecureOptions } from "../types";

export type Props = DataSourcePluginOptionsEditorProps<EarshotOptions, EarshotSecureOptions>;

const WIDTH = 50;

/** Names of the settings that are texts, and of those that are numbers or switches. */
type TextOption = "address" | "database" | "username" | "tenant" | "tlsCACert" | "consoleUrl";
type NumberOption = "maxRows" | "timeoutSeconds";
type SwitchOption = "secure" | "tlsSkipVerify" | "rawSql";

export function ConfigEditor({ options, onOptionsChange }: Props): React.JSX.Element {
  const { jsonData, secureJsonData, secureJsonFields } = options;
  const set = (patch: Partial<EarshotOptions>): void => onOptionsChange({ ...options, jsonData: { ...jsonData, ...patch } });

  const text = (name: TextOption, label: string, description: string, placeholder = "", problem = ""): React.JSX.Element => (
    <Field label={label} description={description} htmlFor={name} invalid={problem !== ""} error={problem} required={name === "address"}>
      <Input
        id={name}
        width={WIDTH}
        value={jsonData[name] ?? ""}
        placeholder={placeholder}
        autoComplete="off"
        onChange={(e) => set({ [name]: e.currentTarget.value })}
      />
    </Field>
  );
  const number = (name: NumberOption, label: string, description: string, placeholder: string, max: number): React.JSX.Element => (
    <Field label={label} description={description} htmlFor={name}>
      <Input
        id={name}
        type="number"
        min={1}
        max={max}
        width={20}
        value={jsonData[name] ?? ""}
        placeholder={placeholder}
        onChange={(e) => set({ [name]: e.currentTarget.value === "" ? undefined : Number(e.currentTarget.value) })}
      />
    </Field>
  );
  const toggle = (name: SwitchOption, label: string, description: string): React.JSX.Element => (
    <Field label={label} description={description} htmlFor={name}>
      <Switch id={name} value={jsonData[name] ?? false} onChange={(e) => set({ [name]: e.currentTarget.checked })} />
    </Field>
  );

  return (
    <>
      <FieldSet label="Connection">
        {text("address", "Address", "Host and port of ClickHouse's native protocol; several with commas between them.", "clickhouse:9000", addressProblem(jsonData.address))}
        {text("database", "Database", "Where Earshot's tables are.", "earshot")}
        {text("tenant", "Tenant", "Only rows of this tenant are shown. Empty: those that have none.")}
      </FieldSet>
      <FieldSet label="Authentication">
        {text("username", "User", "A user with the right to read is enough, and better.", "default")}
        <Field label="Password" description="Stored encrypted; nobody can read it here again." htmlFor="password">
          <SecretInput
            id="password"
            width={WIDTH}
            isConfigured={secureJsonFields?.password ?? false}
            value={secureJsonData?.password ?? ""}
            autoComplete="new-password"
            onReset={() =>
              onOptionsChange({
                ...options,
                secureJsonFields: { ...secureJsonFields, password: false },
                secureJsonData: { ...secureJsonData, password: "" },
              })
            }
            onChange={(e) => onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, password: e.currentTarget.value } })}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Encryption">
        {toggle("secure", "TLS", "Encrypt the connection. ClickHouse's port for that is mostly 9440.")}
        {jsonData.secure === true && (
          <>
            <Field label="CA certificate" description="PEM; of the authority that signed the server's certificate. Empty: those that the system trusts." htmlFor="tlsCACert">
              <TextArea
                id="tlsCACert"
                rows={5}
                cols={WIDTH}
                value={jsonData.tlsCACert ?? ""}
                placeholder="-----BEGIN CERTIFICATE-----"
                onChange={(e) => set({ tlsCACert: e.currentTarget.value })}
              />
            </Field>
            {toggle("tlsSkipVerify", "Accept any certificate", "Encrypts, but does not tell who the server is: for tests only.")}
          </>
        )}
      </FieldSet>
      <FieldSet label="Queries">
        {number("timeoutSeconds", "Timeout", "Seconds that a query may take, at most 60.", "10", 60)}
        {number("maxRows", "Max rows", "Of one answer, at most 50000.", "10000", 50000)}
        {toggle("rawSql", "SQL", "Allow queries in SQL: one SELECT each, which sees the rows of the tenant above.")}
        {text("consoleUrl", "Call explorer", "Address of `earshot console`, for links from a call to its own page.", "http://localhost:4488", urlProblem(jsonData.consoleUrl))}
      </FieldSet>
    </>
  );
}

/** What is wrong with an address, as far as that shows without the network; "" where nothing is. */
export function addressProblem(address: string | undefined): string {
  const addresses = (address ?? "").split(",").map((a) => a.trim());
  if (addresses.some((a) => a.includes("://"))) {
    return "This is a URL; give host:port, such as clickhouse:9000.";
  }
  if (addresses.some((a) => /:(8123|8443)$/.test(a))) {
    return "This is ClickHouse's HTTP port; the native protocol is mostly on 9000, with TLS on 9440.";
  }
  return "";
}

function urlProblem(url: string | undefined): string {
  return url === undefined || url === "" || /^https?:\/\//.test(url) ? "" : "Begin with http:// or https://.";
}
