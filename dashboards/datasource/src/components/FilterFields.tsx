/** The fields that narrow a query of one type down, each with the values that there are. */
import type { TimeRange } from "@grafana/data";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import type { EarshotQuery, FilterField } from "../types";
import { FIELDS, KINDS, choices, fieldsOf, type Words } from "../words";
import { Fields, Labelled } from "./Fields";
import { ValueSelect } from "./ValueSelect";

export interface FilterFieldsProps {
  datasource: EarshotDataSource;
  query: EarshotQuery;
  words: Words;
  range?: TimeRange | undefined;
  onChange: (query: EarshotQuery) => void;
}

export function FilterFields({ datasource, query, words, range, onChange }: FilterFieldsProps): React.JSX.Element {
  return (
    <Fields>
      {fieldsOf(words).map((field) => {
        const { label, help, variable } = FIELDS[field];
        const inputId = `earshot-${query.refId}-${field}`;
        return (
          <Labelled key={field} label={label} tooltip={help} htmlFor={inputId}>
            <ValueSelect
              inputId={inputId}
              datasource={datasource}
              variable={variable}
              fixed={field === "kind" ? choices(Object.keys(KINDS), KINDS) : []}
              call={query.call}
              range={range}
              value={query[field]}
              required={words.needs?.includes(field) ?? false}
              onChange={(value) => onChange(withField(query, field, value))}
            />
          </Labelled>
        );
      })}
    </Fields>
  );
}

/** The query with another value of a field; an empty one is left out. */
function withField(query: EarshotQuery, field: FilterField, value: string): EarshotQuery {
  const { [field]: _, ...rest } = query;
  return (value === "" ? rest : { ...rest, [field]: value }) as EarshotQuery;
}
