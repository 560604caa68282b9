/** The editor of a template variable: what it lists, and of which call. */
import type { QueryEditorProps } from "@grafana/data";
import { Select } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import { parseVariable } from "../query";
import type { EarshotOptions, EarshotQuery, EarshotVariableQuery } from "../types";
import { VARIABLES, choices, ofCall, variables } from "../words";
import { Fields, Labelled } from "./Fields";
import { ValueSelect } from "./ValueSelect";

type Props = QueryEditorProps<EarshotDataSource, EarshotQuery, EarshotOptions, EarshotVariableQuery>;

export function VariableQueryEditor({ datasource, query: stored, range, onChange }: Props): React.JSX.Element {
  const query = parseVariable(stored);
  return (
    <Fields>
      <Labelled label="List" htmlFor="earshot-variable">
        <Select<string>
          inputId="earshot-variable"
          options={choices(variables, VARIABLES)}
          value={query.variable}
          onChange={({ value }) => {
            const { call, ...rest } = query;
            const keep = call !== undefined && ofCall.includes(value!) ? { call } : {};
            onChange({ ...rest, ...keep, variable: value! });
          }}
        />
      </Labelled>
      {ofCall.includes(query.variable) && (
        <Labelled label="Call" htmlFor="earshot-variable-call" tooltip="Usually another variable, such as $call.">
          <ValueSelect
            inputId="earshot-variable-call"
            datasource={datasource}
            variable="calls"
            range={range}
            value={query.call}
            required
            onChange={(call) => onChange({ ...query, call })}
          />
        </Labelled>
      )}
    </Fields>
  );
}
