/** The editor of a query in SQL, with what Earshot puts in for it. */
import { Alert, CodeEditor, CodeEditorSuggestionItemKind, type CodeEditorSuggestionItem } from "@grafana/ui";
import React from "react";
import { macros } from "../macros";

export interface SqlEditorProps {
  /** Whether the data source takes SQL at all. */
  allowed: boolean;
  sql: string;
  onChange: (sql: string) => void;
}

export function SqlEditor({ allowed, sql, onChange }: SqlEditorProps): React.JSX.Element {
  // The editor goes away with the focus on it when another type is chosen, and says so: what did not change is no change.
  const changed = (text: string): void => {
    if (text !== sql) {
      onChange(text);
    }
  };
  return (
    <div>
      {!allowed && (
        <Alert title="This data source takes no SQL" severity="warning">
          Switch SQL on in its settings, under Queries.
        </Alert>
      )}
      <CodeEditor
        language="sql"
        height={180}
        value={sql}
        showLineNumbers
        showMiniMap={false}
        onBlur={changed}
        onSave={changed}
        getSuggestions={suggestions}
      />
      <p style={{ marginTop: 8 }}>
        One SELECT, which can only read. A column of times makes a graph; texts beside it name its lines. Put in for you:{" "}
        {macros.map(({ name, help }, i) => (
          <span key={name}>
            {i > 0 && "; "}
            <code>{name}</code> {help}
          </span>
        ))}
        .
      </p>
    </div>
  );
}

function suggestions(): CodeEditorSuggestionItem[] {
  return macros.map(({ name, help }) => ({ label: name, detail: help, kind: CodeEditorSuggestionItemKind.Method }));
}
