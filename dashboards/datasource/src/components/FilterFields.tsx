/** The fields that narrow a query of one type down, each with the values that there are. */
import type { TimeRange } from "@grafana/data";
import { InlineField, InlineFieldRow } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import type { EarshotQuery, FilterField } from "../types";
import { FIELDS, KINDS, choices, type Words } from "../words";
import { ValueSelect } from "./ValueSelect";

export interface FilterFieldsProps {
  datasource: EarshotDataSource;
  query: EarshotQuery;
  words: Words;
  fields: FilterField[];
  range?: TimeRange | undefined;
  onChange: (query: EarshotQuery) => void;
}

/** Width of the labels on the left, in Grafana's units of 8 pixels. */
export const LABEL_WIDTH = 16;

export function FilterFields({ datasource, query, words, fields, range, onChange }: FilterFieldsProps): React.JSX.Element | null {
  if (fields.length === 0) {
    return null;
  }
  return (
    <InlineFieldRow>
      {fields.map((field) => {
        const { label, help, variable } = FIELDS[field];
        const inputId = `earshot-${query.refId}-${field}`;
        const required = words.needs?.includes(field) ?? false;
        return (
          <InlineField key={field} label={label} labelWidth={LABEL_WIDTH} tooltip={help ?? ""} htmlFor={inputId}>
            <ValueSelect
              inputId={inputId}
              datasource={datasource}
              variable={variable}
              fixed={field === "kind" ? choices(Object.keys(KINDS), KINDS) : []}
              call={query.call}
              range={range}
              value={query[field]}
              required={required}
              onChange={(value) => onChange(withField(query, field, value))}
            />
          </InlineField>
        );
      })}
    </InlineFieldRow>
  );
}

/** The query with another value of a field; an empty one is left out. */
function withField(query: EarshotQuery, field: FilterField, value: string): EarshotQuery {
  const { [field]: _, ...rest } = query;
  return (value === "" ? rest : { ...rest, [field]: value }) as EarshotQuery;
}
