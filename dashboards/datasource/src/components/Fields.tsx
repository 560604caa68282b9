/** Fields side by side in columns, as many as there is room for. */
import { InlineField } from "@grafana/ui";
import React, { type ReactElement, type ReactNode } from "react";

/** Width of a label, in Grafana's units of 8 pixels. */
const LABEL_WIDTH = 14;

export function Fields({ children }: { children: ReactNode }): React.JSX.Element {
  return <div style={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(350px, 1fr))", columnGap: 8 }}>{children}</div>;
}

export interface LabelledProps {
  label: string;
  /** Id of the control. */
  htmlFor?: string;
  tooltip?: string | undefined;
  /** Takes the room of two columns. */
  wide?: boolean;
  children: ReactElement;
}

/** One field with its label on the left. */
export function Labelled({ label, htmlFor = "", tooltip = "", wide = false, children }: LabelledProps): React.JSX.Element {
  return (
    <div style={wide ? { gridColumn: "span 2" } : {}}>
      <InlineField label={label} labelWidth={LABEL_WIDTH} tooltip={tooltip} htmlFor={htmlFor} grow>
        {children}
      </InlineField>
    </div>
  );
}
