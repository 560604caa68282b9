/** The editor of a template variable: what it lists, and of which call. */
import type { QueryEditorProps } from "@grafana/data";
import { InlineField, InlineFieldRow, Select } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import { parseVariable } from "../query";
import type { EarshotOptions, EarshotQuery, EarshotVariableQuery } from "../types";
import { VARIABLES, choices, ofCall, variables } from "../words";
import { LABEL_WIDTH } from "./FilterFields";
import { ValueSelect } from "./ValueSelect";

type Props = QueryEditorProps<EarshotDataSource, EarshotQuery, EarshotOptions, EarshotVariableQuery>;

export function VariableQueryEditor({ datasource, query: stored, range, onChange }: Props): React.JSX.Element {
  const query = parseVariable(stored);
  const needsCall = ofCall.includes(query.variable);
  return (
    <InlineFieldRow>
      <InlineField label="List" labelWidth={LABEL_WIDTH} htmlFor="earshot-variable">
        <Select<string>
          inputId="earshot-variable"
          width={32}
          options={choices(variables, VARIABLES)}
          value={query.variable}
          onChange={({ value }) => {
            const { call, ...rest } = query;
            const keep = call !== undefined && ofCall.includes(value!) ? { call } : {};
            onChange({ ...rest, ...keep, variable: value! });
          }}
        />
      </InlineField>
      {needsCall && (
        <InlineField label="Call" labelWidth={LABEL_WIDTH} htmlFor="earshot-variable-call" tooltip="Usually another variable, such as $call.">
          <ValueSelect
            inputId="earshot-variable-call"
            width={32}
            datasource={datasource}
            variable="calls"
            range={range}
            value={query.call}
            required
            onChange={(call) => onChange({ ...query, call })}
          />
        </InlineField>
      )}
    </InlineFieldRow>
  );
}
