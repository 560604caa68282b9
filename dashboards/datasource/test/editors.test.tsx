import { CoreApp, type DataSourceSettings } from "@grafana/data";
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import React, { useState } from "react";
import { AnnotationQueryEditor } from "../src/components/AnnotationQueryEditor";
import { ConfigEditor, addressProblem } from "../src/components/ConfigEditor";
import { QueryEditor } from "../src/components/QueryEditor";
import { QueryHelp } from "../src/components/QueryHelp";
import { VariableQueryEditor } from "../src/components/VariableQueryEditor";
import type { EarshotOptions, EarshotQuery, EarshotSecureOptions, EarshotVariableQuery } from "../src/types";
import { FIELDS, fieldsOf, questions } from "../src/words";
import { Grafana, HOUR } from "./grafana";

// Monaco wants a real browser; a text area stands for it.
jest.mock("@grafana/ui", () => ({
  ...jest.requireActual("@grafana/ui"),
  CodeEditor: ({ value, onBlur }: { value: string; onBlur: (text: string) => void }) => (
    <textarea aria-label="SQL" defaultValue={value} onBlur={(e) => onBlur(e.currentTarget.value)} />
  ),
}));

/** An editor with a query of its own, as a panel has it; `last` is what the panel has now, `ran` how often it was asked. */
function edit(start: Partial<EarshotQuery>, grafana = new Grafana()): { last: () => EarshotQuery; ran: jest.Mock } {
  let last = { refId: "A", ...start } as EarshotQuery;
  const ran = jest.fn();
  function Panel(): React.JSX.Element {
    const [query, setQuery] = useState(last);
    last = query;
    return <QueryEditor datasource={grafana.datasource} query={query} range={HOUR} onChange={setQuery} onRunQuery={ran} app={CoreApp.PanelEditor} />;
  }
  render(<Panel />);
  return { last: () => last, ran };
}

const user = userEvent.setup();

/** Opens a select and takes one of its choices. */
async function pick(label: string, choice: string): Promise<void> {
  await user.click(screen.getByLabelText(label));
  await user.click(await screen.findByText(choice, { selector: "[role=option] *" }));
}

describe("the query editor", () => {
  test("begins with latency", () => {
    edit({});
    expect(screen.getByText("Latency", { selector: "[class*=singleValue]" })).toBeInTheDocument();
    expect(screen.getByLabelText("Round trip")).toBeChecked();
    expect(screen.getByText("p95")).toBeInTheDocument();
  });

  test("offers every type with a sentence", async () => {
    edit({});
    await user.click(screen.getByLabelText("What do you want to see?"));
    await screen.findByText(questions[1]!.title, { selector: "[role=option] *" });
    const offered = [...document.querySelectorAll("[role=option]")].map((o) => o.textContent);
    expect(offered).toEqual(questions.map((w) => w.title + w.help));
  });

  test.each(questions.map((w) => [w.type, w] as const))("of type %s shows the fields that it uses and no other", (type, words) => {
    edit({ queryType: type });
    const wanted = fieldsOf(words);
    for (const [field, { label }] of Object.entries(FIELDS)) {
      expect([label, screen.queryByLabelText(label) !== null]).toEqual([label, wanted.includes(field as never)]);
    }
    expect(screen.queryByLabelText("Show") !== null).toBe(words.stats !== undefined);
    expect(screen.queryByLabelText("By") !== null).toBe(words.by !== undefined);
    expect(screen.queryByLabelText("Order") !== null).toBe(words.sort !== undefined);
    expect(screen.queryByLabelText("SQL") !== null).toBe(type === "sql");
    expect(screen.queryByLabelText("Mouth to ear") !== null).toBe(words.metrics !== undefined);
  });

  test("changes type, keeps what both types know, and asks again", async () => {
    const panel = edit({ queryType: "latency", country: "DE", by: "path", stats: ["p99"] });
    await pick("What do you want to see?", "Coverage");
    expect(panel.last()).toMatchObject({ queryType: "coverage", country: "DE", by: "path", stats: ["coverage"] });
    expect(panel.ran).toHaveBeenCalledTimes(1);
  });

  test("takes another metric, statistics, group and format", async () => {
    const panel = edit({ queryType: "latency", stats: ["p50"] });
    await user.click(screen.getByLabelText("Mouth to ear"));
    await pick("Show", "Over 300 ms");
    await pick("By", "Country");
    await user.click(screen.getByLabelText("Table"));
    expect(panel.last()).toEqual({ refId: "A", queryType: "latency", metric: "mouth_to_ear", stats: ["p50", "over_300"], by: "country", format: "table" });
  });

  test("lists the values that there are in the panel's time, and the dashboard's variables", async () => {
    const grafana = new Grafana();
    grafana.variables = { region: { value: "eu" }, filters: { value: "", type: "adhoc" } };
    grafana.resources = { "variables/regions": ["eu-central", "us-east"] };
    const panel = edit({ queryType: "latency" }, grafana);
    await pick("From region", "us-east");
    expect(panel.last().publisherRegion).toBe("us-east");
    expect(grafana.looked[0]).toEqual({ path: "variables/regions", params: { from: "1700000000000", to: "1700003600000" } });
    await pick("To region", "$region");
    expect(panel.last().subscriberRegion).toBe("$region");
    await user.click(screen.getByLabelText("App version"));
    expect(screen.queryByText("$filters")).toBeNull();
  });

  test("takes what is typed, and nothing again", async () => {
    const panel = edit({ queryType: "latency" });
    await user.type(screen.getByLabelText("Browser"), "$browser{enter}");
    expect(panel.last().browser).toBe("$browser");
    await user.type(screen.getByLabelText("Browser"), "{backspace}");
    expect(panel.last()).not.toHaveProperty("browser");
  });

  test("says why there are no values", async () => {
    const grafana = new Grafana();
    grafana.resources = { "variables/versions": new Error("Address: nobody answers there") };
    edit({ queryType: "latency" }, grafana);
    await user.click(screen.getByLabelText("App version"));
    expect(await screen.findByText("Address: nobody answers there. Type a name.")).toBeInTheDocument();
  });

  test("asks for the call before its participants", async () => {
    const grafana = new Grafana();
    grafana.resources = { "variables/participants": ["ann"] };
    edit({ queryType: "waterfall" }, grafana);
    await user.click(screen.getByLabelText("Who listens"));
    expect(await screen.findByText("Choose a call first, or type a name.")).toBeInTheDocument();
    expect(grafana.looked).toEqual([]);
  });

  test("takes a limit when the field is left, and a wrong one for none", async () => {
    const panel = edit({ queryType: "calls" });
    await user.type(screen.getByLabelText("At most"), "25");
    expect(panel.last().limit).toBeUndefined();
    await user.tab();
    expect(panel.last().limit).toBe(25);
    await user.clear(screen.getByLabelText("At most"));
    await user.tab();
    expect(panel.last().limit).toBe(0);
  });

  test("streams paths, and leaves out calls that are over", async () => {
    const panel = edit({ queryType: "paths", call: "demo" });
    await user.click(screen.getByLabelText("Live"));
    expect(panel.last().live).toBe(true);
  });

  test("shows a word that it does not know, such as one of another version", () => {
    edit({ queryType: "latency", stats: ["p42"], by: "planet" });
    expect(screen.getByText("p42")).toBeInTheDocument();
    expect(screen.getByText("planet")).toBeInTheDocument();
  });

  test("of SQL warns where the data source takes none, and not where it does", async () => {
    const panel = edit({ queryType: "sql", sql: "SELECT 1" });
    expect(screen.getByText("This data source takes no SQL")).toBeInTheDocument();
    await user.type(screen.getByLabelText("SQL"), "0");
    await user.tab();
    expect(panel.last().sql).toBe("SELECT 10");
    expect(screen.getByText("$__timeFilter(column)")).toBeInTheDocument();
    edit({ queryType: "sql", sql: "SELECT 1" }, new Grafana({ rawSql: true }));
    expect(screen.getAllByText("This data source takes no SQL")).toHaveLength(1);
  });
});

test("the help lists every question; a click asks it", async () => {
  const click = jest.fn();
  render(<QueryHelp datasource={new Grafana().datasource as never} query={{ refId: "B", queryType: "latency" }} onClickExample={click} />);
  expect(screen.getAllByRole("button")).toHaveLength(questions.length);
  await user.click(screen.getByRole("button", { name: "Region pairs" }));
  expect(click).toHaveBeenCalledWith(expect.objectContaining({ refId: "B", queryType: "matrix" }));
});

describe("the annotation editor", () => {
  function annotate(start: EarshotQuery): jest.Mock {
    const changed = jest.fn();
    render(<AnnotationQueryEditor datasource={new Grafana().datasource} query={start} onChange={changed} onRunQuery={jest.fn()} />);
    return changed;
  }
  test("begins with regressions, narrowed down by region, link, version and operator", () => {
    annotate({ refId: "Anno" } as EarshotQuery);
    expect(screen.getByLabelText("Regressions")).toBeChecked();
    expect(screen.getByLabelText("SFU")).toBeInTheDocument();
    expect(screen.queryByLabelText("Call")).toBeNull();
  });
  test("marks the events of a call", async () => {
    const changed = annotate({ refId: "Anno", queryType: "regressions" });
    await user.click(screen.getByLabelText("Events"));
    expect(changed).toHaveBeenCalledWith({ refId: "Anno", queryType: "events", format: "annotations" });
  });
});

describe("the variable editor", () => {
  function list(start: unknown): jest.Mock {
    const changed = jest.fn();
    function Form(): React.JSX.Element {
      const [query, setQuery] = useState(start as EarshotVariableQuery);
      const change = (q: EarshotVariableQuery): void => {
        changed(q);
        setQuery(q);
      };
      return <VariableQueryEditor datasource={new Grafana().datasource} query={query} onChange={change} onRunQuery={jest.fn()} />;
    }
    render(<Form />);
    return changed;
  }
  test("of a new variable lists regions", () => {
    list("");
    expect(screen.getByText("Regions")).toBeInTheDocument();
    expect(screen.queryByLabelText("Call")).toBeNull();
  });
  test("asks for a call where one is needed, and forgets it where not", async () => {
    const changed = list("regions");
    await pick("List", "Participants of a call");
    await user.type(screen.getByLabelText("Call"), "$call{enter}");
    expect(changed).toHaveBeenLastCalledWith({ refId: "EarshotVariable", variable: "participants", call: "$call" });
    await pick("List", "Countries");
    expect(changed).toHaveBeenLastCalledWith({ refId: "EarshotVariable", variable: "countries" });
  });
});

describe("the settings", () => {
  type Settings = DataSourceSettings<EarshotOptions, EarshotSecureOptions>;
  function settings(start: Partial<Settings> = {}): () => Settings {
    let last = { jsonData: {}, secureJsonData: {}, secureJsonFields: {}, ...start } as Settings;
    function Page(): React.JSX.Element {
      const [options, setOptions] = useState(last);
      last = options;
      return <ConfigEditor options={options} onOptionsChange={setOptions} />;
    }
    render(<Page />);
    return () => last;
  }

  test("go to jsonData, the password alone to secureJsonData", async () => {
    const now = settings();
    await user.type(screen.getByLabelText(/^Address/), "clickhouse:9000");
    await user.type(screen.getByLabelText(/^User/), "grafana");
    await user.type(screen.getByLabelText(/^Password/), "hush");
    await user.type(screen.getByLabelText(/^Tenant/), "acme");
    await user.type(screen.getByLabelText(/^Timeout/), "20");
    await user.click(screen.getByLabelText(/^SQL/));
    expect(now().jsonData).toEqual({ address: "clickhouse:9000", username: "grafana", tenant: "acme", timeoutSeconds: 20, rawSql: true });
    expect(now().secureJsonData).toEqual({ password: "hush" });
    await user.clear(screen.getByLabelText(/^Timeout/));
    expect(now().jsonData.timeoutSeconds).toBeUndefined();
  });

  test("never show a stored password, and can set another", async () => {
    const now = settings({ secureJsonFields: { password: true } });
    expect(screen.getByLabelText(/^Password/)).toBeDisabled();
    await user.click(screen.getByRole("button", { name: /reset/i }));
    expect(now()).toMatchObject({ secureJsonFields: { password: false }, secureJsonData: { password: "" } });
    await waitFor(() => expect(screen.getByLabelText(/^Password/)).toBeEnabled());
  });

  test("ask for certificates only with TLS", async () => {
    const now = settings();
    expect(screen.queryByLabelText(/^CA certificate/)).toBeNull();
    await user.click(screen.getByLabelText(/^TLS/));
    await user.type(screen.getByLabelText(/^CA certificate/), "-----BEGIN");
    expect(now().jsonData).toEqual({ secure: true, tlsCACert: "-----BEGIN" });
  });

  test.each([
    ["http://clickhouse:8123", "URL"],
    ["a:9000, b:8123", "HTTP port"],
    ["a:9000,b:9440", ""],
    [undefined, ""],
  ])("say what is wrong with the address %s", (address, says) => {
    expect(addressProblem(address)).toContain(says);
    expect(addressProblem(address) === "").toBe(says === "");
  });
});
