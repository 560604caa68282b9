/** What there is to ask, as Explore and the help of a query show it; a click takes one. */
import type { QueryEditorHelpProps } from "@grafana/data";
import React from "react";
import { ofType } from "../query";
import type { EarshotQuery } from "../types";
import { questions } from "../words";

export function QueryHelp({ query, onClickExample }: QueryEditorHelpProps<EarshotQuery>): React.JSX.Element {
  return (
    <div>
      <h3>What Earshot can show</h3>
      <table>
        <tbody>
          {questions.map((words) => (
            <tr key={words.type}>
              <td style={{ paddingRight: 16 }}>
                <button type="button" onClick={() => onClickExample(ofType({ ...query, refId: query?.refId ?? "A" }, words.type))}>
                  {words.title}
                </button>
              </td>
              <td>{words.help}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
