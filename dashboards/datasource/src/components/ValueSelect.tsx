/** A select that asks the data source what there is, and takes what is typed: a name that is not in the list, or a template variable. */
import type { SelectableValue, TimeRange } from "@grafana/data";
import { getTemplateSrv } from "@grafana/runtime";
import { Select } from "@grafana/ui";
import React, { useRef, useState } from "react";
import type { EarshotDataSource } from "../datasource";
import { ofCall } from "../words";

export interface ValueSelectProps {
  datasource: EarshotDataSource;
  /** What lists the values; undefined: `fixed` does. */
  variable?: string | undefined;
  fixed?: Array<SelectableValue<string>>;
  /** The call whose values are meant, where they are those of a call. */
  call?: string | undefined;
  range?: TimeRange | undefined;
  inputId: string;
  value: string | undefined;
  required?: boolean;
  onChange: (value: string) => void;
}

export function ValueSelect(props: ValueSelectProps): React.JSX.Element {
  const { datasource, variable, fixed = [], call, range, value, required = false, onChange } = props;
  const [values, setValues] = useState<Array<SelectableValue<string>>>([]);
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState("");
  const latest = useRef(0);

  const load = async (): Promise<void> => {
    if (variable === undefined) {
      return;
    }
    const turn = ++latest.current;
    setLoading(true);
    setProblem("");
    try {
      const found = await datasource.values(variable, { call, range });
      if (turn === latest.current) {
        setValues(found.map((v) => ({ value: String(v.value ?? v.text), label: v.text })));
      }
    } catch (e) {
      if (turn === latest.current) {
        setProblem(reason(e));
      }
    }
    if (turn === latest.current) {
      setLoading(false);
    }
  };

  const known = [...fixed, ...values];
  const choices = [...known, ...templateVariables()];
  const chosen = value ? (choices.find((c) => c.value === value) ?? { value, label: value }) : null;
  const needsCall = variable !== undefined && ofCall.includes(variable) && !call;
  const none = needsCall ? "Choose a call first, or type a name." : problem === "" ? "Nothing in this time range; type a name." : `${problem} Type a name.`;
  return (
    <Select<string>
      inputId={props.inputId}
      options={choices}
      value={chosen}
      isLoading={loading}
      isClearable
      allowCustomValue
      invalid={required && !value}
      placeholder={required ? "Choose" : "All"}
      noOptionsMessage={none}
      onOpenMenu={() => void load()}
      onCreateOption={(typed) => onChange(typed.trim())}
      onChange={(choice) => onChange(choice?.value ?? "")}
    />
  );
}

/** The dashboard's variables, as a query names them. */
function templateVariables(): Array<SelectableValue<string>> {
  return getTemplateSrv()
    .getVariables()
    .filter((v) => v.type !== "adhoc" && v.type !== "datasource" && v.type !== "groupby")
    .map((v) => ({ value: `$${v.name}`, label: `$${v.name}`, description: v.label ?? "" }));
}

function reason(e: unknown): string {
  const { data, message } = e as { data?: { message?: string; error?: string }; message?: string };
  const text = data?.message ?? data?.error ?? message ?? "The values could not be loaded.";
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
