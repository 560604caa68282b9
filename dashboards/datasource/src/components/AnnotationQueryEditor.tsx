/** The editor of an annotation: what becomes a mark, and of which regions, links or call. */
import type { QueryEditorProps } from "@grafana/data";
import { InlineField, InlineFieldRow, RadioButtonGroup } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import { annotationQuery, markable, ofType } from "../query";
import type { EarshotOptions, EarshotQuery } from "../types";
import { fieldsOf, wordsOf } from "../words";
import { FilterFields, LABEL_WIDTH } from "./FilterFields";

type Props = QueryEditorProps<EarshotDataSource, EarshotQuery, EarshotOptions>;

export function AnnotationQueryEditor({ datasource, query: stored, range, onChange }: Props): React.JSX.Element {
  const query = annotationQuery(stored);
  const words = wordsOf(query.queryType)!;
  return (
    <div>
      <InlineFieldRow>
        <InlineField label="Mark" labelWidth={LABEL_WIDTH}>
          <RadioButtonGroup
            options={markable.map((w) => ({ value: w.type, label: w.title, description: w.help }))}
            value={query.queryType}
            onChange={(type) => onChange(annotationQuery(ofType(query, type)))}
          />
        </InlineField>
      </InlineFieldRow>
      <FilterFields datasource={datasource} query={query} words={words} fields={fieldsOf(words)} range={range} onChange={onChange} />
    </div>
  );
}
