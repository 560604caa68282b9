/** Template variables: what a variable lists comes in, its values go out. */
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from "@grafana/data";
import { from, map, type Observable } from "rxjs";
import { VariableQueryEditor } from "./components/VariableQueryEditor";
import type { EarshotDataSource } from "./datasource";
import { parseVariable } from "./query";
import type { EarshotOptions, EarshotQuery, EarshotVariableQuery } from "./types";

export class EarshotVariables extends CustomVariableSupport<EarshotDataSource, EarshotVariableQuery, EarshotQuery, EarshotOptions> {
  editor = VariableQueryEditor;

  constructor(private readonly datasource: EarshotDataSource) {
    super();
  }

  override query(request: DataQueryRequest<EarshotVariableQuery>): Observable<DataQueryResponse> {
    const found = this.datasource.metricFindQuery(request.targets[0], { range: request.range, scopedVars: request.scopedVars });
    return from(found).pipe(map((data) => ({ data })));
  }

  override getDefaultQuery(): Partial<EarshotQuery> {
    // Typed as the panels' query; what is stored is the variables' own.
    return parseVariable(undefined) as unknown as Partial<EarshotQuery>;
  }
}
