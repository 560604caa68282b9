/** The editor of an annotation: what becomes a mark, and of which regions, links or call. */
import type { QueryEditorProps } from "@grafana/data";
import { RadioButtonGroup } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import { annotationQuery, markable, ofType } from "../query";
import type { EarshotOptions, EarshotQuery } from "../types";
import { wordsOf } from "../words";
import { Fields, Labelled } from "./Fields";
import { FilterFields } from "./FilterFields";

type Props = QueryEditorProps<EarshotDataSource, EarshotQuery, EarshotOptions>;

export function AnnotationQueryEditor({ datasource, query: stored, range, onChange }: Props): React.JSX.Element {
  const query = annotationQuery(stored);
  return (
    <div>
      <Fields>
        <Labelled label="Mark">
          <RadioButtonGroup
            options={markable.map((w) => ({ value: w.type, label: w.title, description: w.help }))}
            value={query.queryType}
            onChange={(type) => onChange(annotationQuery(ofType(query, type)))}
          />
        </Labelled>
      </Fields>
      <FilterFields datasource={datasource} query={query} words={wordsOf(query.queryType)!} range={range} onChange={onChange} />
    </div>
  );
}
